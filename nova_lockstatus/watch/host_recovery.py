# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Decides whether an UNKNOWN host reports again, or only seems to.

When one watch process has found that a host is UNKNOWN, another one may still
find it UP by the same heartbeat: its clock is behind, or its service_down_time
is longer.
"""

import datetime
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from nova_lockstatus.core import host_status
from nova_lockstatus.db import known_status
from nova_lockstatus.gateway import compute_service

_First = dict[tuple[str, int], datetime.datetime]


class HostRecovery:
    """Requires a newer heartbeat before an UNKNOWN host counts as UP."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        # By cell: the heartbeat of each host, and version of its known status,
        # when the host first seemed to be back.
        self._first: dict[str, _First] = {}

    def effective_statuses(self, targeted: Any,
                           known: Mapping[str, known_status.KnownStatus],
                           found: dict[str, str]) -> dict[str, str]:
        """Keep hosts UNKNOWN that have not reported since they became so.

        :param found: the status that Nova finds now, by host
        """
        back = [host for host, entry in known.items()
                if entry.status == host_status.UNKNOWN
                and found.get(host) == host_status.UP]
        # NOTE: memcached keeps the heartbeats of the other driver, and lets
        # them expire by its own clock.
        if not back or self._conf.servicegroup_driver != 'db':
            return found
        last = compute_service.last_reports(targeted, back)
        before = self._first.get(targeted.cell_uuid, {})
        first = self._first[targeted.cell_uuid] = {
            (host, known[host].version): before.get(
                (host, known[host].version), time)
            for host, time in last.items()}
        return {**found, **{
            host: host_status.UNKNOWN for host in back
            if host not in last or last[host] <= min(
                self._since(known[host]),
                first[host, known[host].version])}}

    def _since(self, entry: known_status.KnownStatus) -> datetime.datetime:
        """Return the time after which a heartbeat is a new one for sure.

        The heartbeat by which a host was found UNKNOWN is older than
        ``service_down_time``, and so than ``report_interval``. Where the
        clocks differ by more than that, a new heartbeat can be older, too:
        then only a second one proves that the host reports.
        """
        return entry.changed_at - datetime.timedelta(
            seconds=self._conf.report_interval)
