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

"""Counts the servers of all cells for the metrics, and has them served."""

import collections
import threading
from collections.abc import Mapping
from typing import Any

import sqlalchemy
from nova.db.main import api as db
from nova.db.main import models
from oslo_config import cfg

from nova_lockstatus.core import host_status
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway.host_status import HostStatusReader
from nova_lockstatus.utils import http_server
from nova_lockstatus.utils.metrics import Metrics

CELLS_TIMEOUT = 5
"""Seconds that a count waits for the cells at the most. One that takes longer
goes on, and is left out of the counts until it is done."""

KEPT = 3
"""After how many intervals a count is too old to be shown."""

_ROW = models.Instance


class ServerCountCollector:
    """Counts servers, and serves all metrics from its first run on.

    :param conf: Nova's configuration
    :param counted: is told what was counted
    :param looks: reads what hosts are
    :param server: serves the metrics
    """

    name = 'metrics'

    def __init__(self, conf: cfg.ConfigOpts, counted: Metrics,
                 looks: HostStatusReader, server: http_server.BackgroundServer
                 ) -> None:
        self._conf = conf
        self._metrics = counted
        self._look = looks
        self._server = server
        self._cells = cells.CellRunner(self.name, metrics=counted, cell0=True)

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
        """Serve no longer."""
        self._server.stop()

    def _count(self, cell: Any) -> None:
        name = cells.name(cell)
        context = cells.context(cell)
        try:
            statuses = self._look.hosts(context)
            servers, locked = _read(context, statuses)
        except Exception:
            self._metrics.not_counted(name)
            raise
        self._metrics.counted(name, servers, locked, KEPT * self.interval)


def _read(context: Any, statuses: Mapping[str, str]
          ) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Count the servers of a cell with one statement.

    Its result has some rows for a host, however many servers are there.

    :param context: a RequestContext that is targeted at the cell
    :param statuses: what hosts are
    :returns: how many servers there are by the status of their host, and how
        many locked ones by who holds the lock
    """
    servers: collections.Counter[str] = collections.Counter()
    locked: collections.Counter[str] = collections.Counter()
    with db.get_context_manager(context).reader.using(context) as session:
        for host, is_locked, locked_by, number in session.execute(
                sqlalchemy.select(_ROW.host, _ROW.locked, _ROW.locked_by,
                                  sqlalchemy.func.count())
                .where(_ROW.deleted == 0, instances.NOT_HIDDEN)
                .group_by(_ROW.host, _ROW.locked, _ROW.locked_by)):
            servers[statuses.get(host, host_status.NONE)] += number
            if is_locked:
                locked[locked_by or ''] += number
    return servers, locked
