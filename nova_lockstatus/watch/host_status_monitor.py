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

"""Finds changes of host status that no API call makes, and publishes them."""

import dataclasses
import threading
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import known_status
from nova_lockstatus.events import sinks
from nova_lockstatus.gateway import cells
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch import host_recovery
from nova_lockstatus.watch import notification_relay
from nova_lockstatus.watch import outage_grace

LOG = logs.logger(__name__)

CELLS_TIMEOUT = 0.25
"""Seconds that a poll waits for the cells at the most. A cell that takes
longer is left out of further polls until it is done. The others are polled
again within the second in which a lost heartbeat is to be found."""


@dataclasses.dataclass
class _Poll:
    """The result of the last poll of a cell."""

    statuses: Mapping[str, str]
    revision: int | None


class HostStatusMonitor:
    """Compares the status of all hosts with their known status.

    Any number of processes can do so: of those that find a change, one
    records it.
    """

    name = 'host status'

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 relay: notification_relay.NotificationRelay,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._store = store
        self._relay = relay
        self._reader = relay.reader
        self._metrics = metrics
        self._cells = cells.CellRunner(
            self.name, cells.LIST_KEPT_SECONDS, metrics)
        self._recovery = host_recovery.HostRecovery(conf)
        self._outages = outage_grace.OutageGrace(conf)
        self._polls: dict[str, _Poll] = {}

    @property
    def interval(self) -> float:
        """Return the seconds between two polls, 0 for off."""
        if not sinks.configured(self._conf):
            return 0
        return float(self._conf.lockstatus.host_interval)

    def run(self, stop: threading.Event) -> None:
        """Poll all cells once.

        :param stop: when it is set, nothing is waited for
        """
        if self.interval:
            self._cells.each(self._poll, stop, CELLS_TIMEOUT)

    def end(self) -> None:
        """Do nothing: the state is in the store."""

    def _poll(self, cell: Any) -> None:
        context = cells.context(cell)
        # As of before the store is read.
        revision = self._relay.hosts_revision
        found, reports = self._reader.hosts_and_reports(context)
        self._outages.observe(cell.uuid, cells.label(cell), reports)
        if self._polls.get(cell.uuid) == _Poll(found, revision):
            self._metrics.hosts_held(cells.name(cell), 0)
            return
        # The known status is read before the hosts are: a change that a call
        # makes in between has another version then.
        known = known_status.read(self._store, cell.uuid)
        found = self._recovery.effective_statuses(
            context, known, self._reader.hosts(context))
        statuses = {host: entry.status for host, entry in known.items()}
        found = self._hold(cell, statuses, found)
        if statuses == found or self._record(cell, known, found):
            self._polls[cell.uuid] = _Poll(found, revision)
        else:
            self._polls.pop(cell.uuid, None)

    def _hold(self, cell: Any, known: Mapping[str, str],
              found: Mapping[str, str]) -> dict[str, str]:
        """Keep the status of hosts that an outage may have silenced."""
        effective = self._outages.effective_statuses(cell.uuid, known, found)
        self._metrics.hosts_held(cells.name(cell), sum(
            effective[host] != status for host, status in found.items()))
        return effective

    def _record(self, cell: Any, known: Mapping[str, known_status.KnownStatus],
                found: Mapping[str, str]) -> bool:
        """Record the hosts that are new, gone or changed.

        :returns: whether all that was found is recorded now
        """
        new = {host: status for host, status in found.items()
               if host not in known}
        if new:
            known_status.insert_missing(self._store, cell.uuid, new)
        gone = known.keys() - found.keys()
        if gone:
            known_status.delete(self._store, cell.uuid, gone)
        now = timeutils.utcnow(with_timezone=True)
        is_complete = True
        for host, entry in known.items():
            if found.get(host, entry.status) == entry.status:
                continue
            change = host_event.StatusChange(
                id=uuidutils.generate_uuid(), cell=cell.uuid, host=host,
                old=entry.status, new=found[host], changed_at=now)
            if self._relay.publisher.publish_if_version(
                change, entry.version):
                self._metrics.host_status_changed(change.old, change.new)
                LOG.info('Host %(host)s of cell %(cell)s is %(new)s, before '
                         '%(old)s.', {'host': host, 'cell': cells.label(cell),
                                      'new': change.new, 'old': change.old})
            else:
                is_complete = False
        return is_complete
