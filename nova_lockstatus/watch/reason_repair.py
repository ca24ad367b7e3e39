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

"""Repairs reasons of locks that nova-compute or nova-conductor has damaged."""

import datetime
import threading
from collections.abc import Iterable
from typing import Any

from oslo_config import cfg
from oslo_utils import timeutils

from nova_lockstatus.core import reason_repair as rules
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import reason_repair
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logs.logger(__name__)

CLOCKS_DIFFER = datetime.timedelta(hours=1)
"""By how much the clocks of Nova's hosts may differ from that of the watch."""


class ReasonRepair:
    """Removes reasons of unlocked servers, and restores those of locks.

    It restores a reason that it has seen with the lock: so it keeps the
    reasons of the locked servers of each cell in memory. Unless the guard
    enforces, it logs what it would do, once for each server, and does not.
    """

    name = 'lock reasons'

    def __init__(self, conf: cfg.ConfigOpts,
                 metrics: Metrics = NO_METRICS) -> None:
        self._options = conf.lockstatus
        self._metrics = metrics
        self._cells = cells.CellRunner(self.name, metrics=metrics)
        self._known: dict[str, dict[str, rules.StoredLock]] = {}
        self._looked: dict[str, datetime.datetime] = {}
        self._reported: dict[str, set[rules.StoredLock]] = {}
        self._repairs = False

    @property
    def interval(self) -> float:
        """Return the seconds between two runs, 0 for none."""
        if self._options.guard == 'off':
            return 0
        return float(self._options.guard_interval)

    def run(self, stop: threading.Event) -> None:
        """Check all cells once.

        :param stop: when it is set, nothing is waited for
        """
        repairs = self._options.guard == 'enforce'
        if repairs != self._repairs:
            # What was found before is to be repaired, too.
            self._looked.clear()
            self._repairs = repairs
        if self.interval:
            self._cells.each(self._check_cell, stop, self.interval)

    def end(self) -> None:
        """Leave all as it is."""

    def _check_cell(self, cell: Any) -> None:
        context = cells.context(cell)
        began = timeutils.utcnow()
        damaged: list[tuple[rules.StoredLock, rules.StoredLock | None]] = []
        self._known[cell.uuid] = self._find_lost(
            context, self._known.get(cell.uuid, {}), damaged)
        last = self._looked.get(cell.uuid)
        for page in reason_repair.read_left_over(
                context, last and last - CLOCKS_DIFFER):
            damaged.extend((stored, None) for stored in page)
        damaged = [(stored, known) for stored, known in damaged
                   if rules.repaired(stored, known) is not None]
        if self._repairs:
            for stored, known in damaged:
                self._repair(context, stored, known)
        else:
            found = {stored for stored, _known in damaged}
            self._report(found - self._reported.get(cell.uuid, set()))
            self._reported[cell.uuid] = found
        self._looked[cell.uuid] = began

    def _find_lost(
        self, context: Any, before: dict[str, rules.StoredLock],
        damaged: list[tuple[rules.StoredLock, rules.StoredLock | None]],
    ) -> dict[str, rules.StoredLock]:
        """Find the locks whose reasons may be lost.

        :param before: the locks whose reason is known, by uuid
        :param damaged: where to add a lock, with what is known of it
        :returns: the locks whose reason is known now
        """
        known = {}
        for page in reason_repair.read_locked(context):
            for stored in page:
                if rules.is_known(stored):
                    known[stored.uuid] = stored
                elif rules.is_same_lock(stored, before.get(stored.uuid)):
                    known[stored.uuid] = before[stored.uuid]
                    damaged.append((stored, before[stored.uuid]))
        return known

    def _repair(self, context: Any, stored: rules.StoredLock,
                known: rules.StoredLock | None) -> None:
        lock = reason_repair.repair(context, stored.uuid, known)
        if lock is None:
            return
        if lock.locked_by is None:
            LOG.warning('The server %s is unlocked and had the reason of a '
                        'lock: Nova had saved it from an older copy. The '
                        'reason is removed.', stored.uuid)
            self._metrics.reason_repaired('removed')
        else:
            LOG.warning('The lock of the server %s had lost its reason: Nova '
                        'had saved the server from an older copy. The reason '
                        'is restored.', stored.uuid)
            self._metrics.reason_repaired('restored')

    def _report(self, damaged: Iterable[rules.StoredLock]) -> None:
        for stored in damaged:
            if stored.is_locked:
                LOG.warning('The lock of the server %s has lost its reason: '
                            'Nova has saved the server from an older copy. '
                            'With [lockstatus]guard = enforce the reason is '
                            'restored.', stored.uuid)
            else:
                LOG.warning('The server %s is unlocked and has the reason of '
                            'a lock: Nova has saved it from an older copy. '
                            'With [lockstatus]guard = enforce the reason is '
                            'removed.', stored.uuid)
            self._metrics.reason_repaired('found')
