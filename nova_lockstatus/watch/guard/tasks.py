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

"""The guard's periodic tasks: they find the servers, cell by cell."""

import functools
import threading
import time
from typing import Any

from nova import exception as nova_exception
from oslo_config import cfg

from nova_lockstatus.gateway import cells
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch.guard import decisions
from nova_lockstatus.watch.guard import enforcement
from nova_lockstatus.watch.guard import history
from nova_lockstatus.watch.guard import nova_compute
from nova_lockstatus.watch.guard import queries

LOG = logs.logger(__name__)


class Guard:
    """Finds servers that should be down and are recorded as running."""

    name = 'guard'
    interval_option = 'guard_interval'
    condition = staticmethod(queries.running)
    recorded_as_running = True

    def __init__(self, conf: cfg.ConfigOpts,
                 metrics: Metrics = NO_METRICS) -> None:
        self._options = conf.lockstatus
        self._cells = cells.CellRunner(self.name, metrics=metrics)
        self._enforcement = enforcement.Enforcement(
            conf, metrics, self.recorded_as_running)
        self._histories: dict[str, history.GuardHistory] = {}

    @property
    def interval(self) -> float:
        """Return the seconds between two runs, 0 for none."""
        if self._options.guard == 'off':
            return 0
        return float(self._options[self.interval_option])

    def run(self, stop: threading.Event) -> None:
        """Check all cells once.

        :param stop: when it is set, nothing is waited for
        """
        if self.interval:
            self._cells.each(self._check_cell, stop, self.interval)

    def end(self) -> None:
        """Leave all as it is: Nova's instance actions have the state."""

    def _check_cell(self, cell: Any) -> None:
        servers = self._histories.setdefault(cell.uuid, history.GuardHistory())
        context = cells.context(cell)
        for page in queries.pages(context, self.condition()):
            up = nova_compute.hosts_up(context)
            for row in page:
                if row.host not in up:
                    # Nobody can say what runs there.
                    servers.keep(row.uuid)
            cells.each_host(
                [row for row in page if row.host in up],
                functools.partial(self._check_host, cell, servers),
                self._options.guard_probe_workers)
        servers.forget_others()

    def _check_host(self, cell: Any, servers: history.GuardHistory, host: str,
                    rows: list[decisions.ServerRow]) -> None:
        for row in rows:
            try:
                self._enforcement.check(enforcement.FoundServer(
                    cells.context(cell), row, servers))
            except nova_compute.HostSilent:
                self._report_silent_host(servers, host, rows)
                return
            except nova_exception.InstanceNotFound:
                LOG.debug('The server %s was deleted meanwhile.', row.uuid)
            except Exception:
                LOG.exception('The guard failed with the server %s. It tries '
                              'again later.', row.uuid)
                servers.state(row.uuid).action_backoff.restart(
                    time.monotonic(), self._enforcement.delays)

    def _report_silent_host(self, servers: history.GuardHistory, host: str,
                            rows: list[decisions.ServerRow]) -> None:
        for row in rows:
            servers.keep(row.uuid)
        timer = servers.state('host ' + host).report_backoff
        if timer.is_due(time.monotonic()):
            timer.restart(time.monotonic(), self._enforcement.delays)
            LOG.warning('nova-compute on %s does not answer the guard in '
                        '%s. The guard tries again later.', host,
                        duration.in_seconds(self._options.guard_probe_timeout))


class Probe(Guard):
    """Asks nova-compute for servers that are recorded as down."""

    name = 'guard probe'
    interval_option = 'guard_probe_interval'
    condition = staticmethod(queries.down)
    recorded_as_running = False
