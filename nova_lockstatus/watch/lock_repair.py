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

"""Repairs locks that nova-compute or nova-conductor has damaged."""

import threading
from typing import Any

from oslo_config import cfg

from nova_lockstatus.core import lock_repair as rules
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import lock_repair
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logs.logger(__name__)

Known = dict[str, rules.StoredRows]
"""What is known to be right, by the uuid of the server."""


class LockRepair:
    """Restores the locks that it has seen with the change that made them.

    So it keeps the locks of os-server-locks of each cell in memory. Unless the
    guard enforces, it logs what it would do, once for each server, and does
    not.
    """

    name = 'locks'

    def __init__(self, conf: cfg.ConfigOpts,
                 metrics: Metrics = NO_METRICS) -> None:
        self._options = conf.lockstatus
        self._cells = cells.CellRunner(self.name, metrics=metrics)
        self._known: dict[str, Known] = {}
        self._reported: dict[str, set[rules.StoredRows]] = {}

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
        if self.interval:
            self._cells.each(self._check_cell, stop, self.interval)

    def end(self) -> None:
        """Leave all as it is."""

    def _check_cell(self, cell: Any) -> None:
        context = cells.context(cell)
        before = self._known.get(cell.uuid, {})
        found = {stored.uuid: stored for page in lock_repair.read_all(context)
                 for stored in page}
        # Those whose locks are all lifted, or lost.
        found.update(
            (stored.uuid, stored) for stored in lock_repair.read_servers(
                context, [uuid for uuid in before if uuid not in found]))
        self._known[cell.uuid] = {
            uuid: right for uuid, stored in found.items()
            if (right := rules.known(stored, before.get(uuid))) is not None}
        damaged = {stored for uuid, stored in found.items()
                   if rules.repaired(stored, before.get(uuid)) is not None}
        if self._options.guard != 'enforce':
            for stored in damaged - self._reported.get(cell.uuid, set()):
                LOG.warning('Nova has saved the server %s from an older copy '
                            'and its locks with it. With [lockstatus]guard = '
                            'enforce the locks are restored.', stored.uuid)
            self._reported[cell.uuid] = damaged
            return
        for stored in damaged:
            if lock_repair.repair(context, before[stored.uuid]):
                LOG.warning('Nova had saved the server %s from an older copy '
                            'and its locks with it. The locks are restored.',
                            stored.uuid)
