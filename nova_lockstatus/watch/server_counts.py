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

"""Counts the servers and hosts of all cells, and serves the metrics."""

import collections
import datetime
import threading
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from nova_lockstatus.core import host_status
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import instance_actions
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway.host_status_reader import HostStatusReader
from nova_lockstatus.utils import http_server
from nova_lockstatus.utils.metrics import CellCounts
from nova_lockstatus.utils.metrics import Metrics

CELLS_TIMEOUT = 5
"""Seconds that a run waits for the cells at the most. A cell that takes longer
is left out of further runs until it is done."""

MAX_AGE_INTERVALS = 3
"""Intervals after which a count is too old to be shown."""


class ServerCountCollector:
    """Counts servers, and serves all metrics from its first run on."""

    name = 'metrics'

    def __init__(self, conf: cfg.ConfigOpts, metrics: Metrics,
                 reader: HostStatusReader,
                 server: http_server.BackgroundServer) -> None:
        self._conf = conf
        self._metrics = metrics
        self._reader = reader
        self._server = server
        self._cells = cells.CellRunner(self.name, metrics=metrics, cell0=True)

    @property
    def interval(self) -> float:
        """Return the seconds between two counts."""
        return float(self._conf.lockstatus.metrics_interval)

    def run(self, stop: threading.Event) -> None:
        """Count the servers of all cells once.

        :param stop: when it is set, nothing is waited for
        """
        self._server.start()
        self._cells.each(self._count, stop, CELLS_TIMEOUT)

    def end(self) -> None:
        """Stop serving the metrics."""
        self._server.stop()

    def _count(self, cell: Any) -> None:
        name = cells.name(cell)
        context = cells.context(cell)
        try:
            counts = _read(context, self._reader.hosts(context))
        except Exception:
            self._metrics.cell_not_counted(name)
            raise
        self._metrics.cell_counted(name, counts,
                                   MAX_AGE_INTERVALS * self.interval)


def _read(context: Any, statuses: Mapping[str, str]) -> CellCounts:
    """Count the servers of a cell, and find its oldest locks.

    It takes two statements, the second only where servers are locked.

    :param statuses: the status of each host
    """
    servers: collections.Counter[str] = collections.Counter()
    locked: collections.Counter[str] = collections.Counter()
    for host, is_locked, locked_by, number in instances.count_by_host(context):
        servers[statuses.get(host or '', host_status.NONE)] += number
        if is_locked:
            locked[locked_by or ''] += number
    oldest = instance_actions.read_oldest_locks(context) if locked else {}
    return CellCounts(
        servers, locked, collections.Counter(statuses.values()),
        {holder or '': since.replace(tzinfo=datetime.timezone.utc).timestamp()
         for holder, since in oldest.items()})
