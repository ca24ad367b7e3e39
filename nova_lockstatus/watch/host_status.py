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

"""Sees what becomes of hosts without any call, and has it announced."""

import dataclasses
import threading
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import known_status
from nova_lockstatus.events import sinks
from nova_lockstatus.gateway import cells
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch import host_recovery
from nova_lockstatus.watch import notification_relay

LOG = logging.getLogger(__name__)

CELLS_TIMEOUT = 0.25
"""Seconds that a look waits for the cells at the most. One that takes longer
goes on, and is left out of the looks until it is done. The others are looked
at again within the second in which a lost heartbeat is to be seen."""


@dataclasses.dataclass
class _Seen:
    """What is remembered of the hosts of a cell."""

    known: Mapping[str, str]
    sign: int | None


class HostStatusMonitor:
    """Compares what the hosts are with what they were last known to be.

    Any number of processes can do so: of those that see a change, one writes
    it down.

    :param conf: Nova's configuration
    :param store: where it is written down
    :param announced: what announces the changes
    :param metrics: are told of the changes that are written down
    """

    name = 'host status'

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 announced: notification_relay.NotificationRelay,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._store = store
        self._announced = announced
        self._look = announced.look
        self._metrics = metrics
        self._cells = cells.CellRunner(
            self.name, cells.LIST_KEPT_SECONDS, metrics)
        self._heartbeats = host_recovery.HostRecovery(conf)
        self._seen: dict[str, _Seen] = {}

    @property
    def interval(self) -> float:
        """Return the seconds between two looks, 0 for none."""
        if not sinks.wanted(self._conf):
            return 0
        return float(self._conf.lockstatus.host_interval)

    def run(self, stop: threading.Event) -> None:
        """Look at all cells once.

        :param stop: when it is set, nothing is waited for
        """
        if self.interval:
            self._cells.each(self._look_at, stop, CELLS_TIMEOUT)

    def end(self) -> None:
        """Leave all as it is: what counts is in the store."""

    def _look_at(self, cell: Any) -> None:
        context = cells.context(cell)
        # What it was like before the store is read.
        sign = self._announced.hosts
        found = self._look.hosts(context)
        if self._seen.get(cell.uuid) == _Seen(found, sign):
            return
        # Before what is compared with it: what a call changes meanwhile has
        # another version then.
        known = known_status.read(self._store, cell.uuid)
        found = self._heartbeats.believed(context, known,
                                          self._look.hosts(context))
        statuses = {host: entry.status for host, entry in known.items()}
        if statuses == found or self._settle(cell.uuid, known, found):
            self._seen[cell.uuid] = _Seen(found, sign)
        else:
            self._seen.pop(cell.uuid, None)

    def _settle(self, cell: str, known: Mapping[str, known_status.KnownStatus],
                found: Mapping[str, str]) -> bool:
        """Write down what was found.

        :returns: whether all of it is what is known now
        """
        new = {host: status for host, status in found.items()
               if host not in known}
        if new:
            known_status.insert_missing(self._store, cell, new)
        gone = known.keys() - found.keys()
        if gone:
            known_status.delete(self._store, cell, gone)
        now = timeutils.utcnow(with_timezone=True)
        settled = True
        for host, entry in known.items():
            if found.get(host, entry.status) == entry.status:
                continue
            change = host_event.StatusChange(
                id=uuidutils.generate_uuid(), cell=cell, host=host,
                old=entry.status, new=found[host], changed_at=now)
            if self._announced.outbox.publish_if_version(
                change, entry.version):
                self._metrics.host_changed(change.old, change.new)
                LOG.info('Host %(host)s of cell %(cell)s is %(new)s, before '
                         '%(old)s.', {'host': host, 'cell': cell,
                                      'new': change.new, 'old': change.old})
            else:
                settled = False
        return settled
