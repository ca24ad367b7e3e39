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

"""Keeps servers down that are locked and should be down."""

import functools
import threading
import time
from typing import Any

from nova import exception as nova_exception
from oslo_config import cfg
from oslo_log import log as logging
from oslo_utils import timeutils

from nova_lockstatus.events.notifications import guard
from nova_lockstatus.gateway import cells
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch.guard import decisions
from nova_lockstatus.watch.guard import history
from nova_lockstatus.watch.guard import nova_compute
from nova_lockstatus.watch.guard import queries
from nova_lockstatus.watch.guard import task_claim

LOG = logging.getLogger(__name__)


class _Server:
    """A server that was found, and what the guard remembers of it.

    :param context: a RequestContext that is targeted at its cell
    :param row: what was found
    :param seen: what is remembered of the cell
    """

    def __init__(self, context: Any, row: decisions.Row,
                 seen: history.GuardHistory) -> None:
        measure = (decisions.enforcement_action(row) if row.task_state is None
                   else decisions.action_under_way(row))
        # What the statements find is nothing else.
        assert measure is not None
        self.context = context
        self.row = row
        self.uuid = row.uuid
        self.measure = measure
        self._seen = seen

    @property
    def case(self) -> history.ServerState:
        """Return what is remembered of the server, from now on if not yet."""
        return self._seen.see(self.uuid)


class Guard:
    """Looks for servers that should be down and are recorded as running.

    :param conf: Nova's configuration
    :param metrics: are told what it does
    """

    name = 'guard'
    condition = staticmethod(queries.running)
    recorded = True

    def __init__(self, conf: cfg.ConfigOpts,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._options = conf.lockstatus
        self._metrics = metrics
        self._cells = cells.CellRunner(self.name, metrics=metrics)
        self._memories: dict[str, history.GuardHistory] = {}

    @property
    def interval(self) -> float:
        """Return the seconds between two looks, 0 for none."""
        if self._options.guard == 'off':
            return 0
        return float(self._options.guard_interval)

    def run(self, stop: threading.Event) -> None:
        """Look at all cells once.

        :param stop: when it is set, nothing is waited for
        """
        if self.interval:
            self._cells.each(self._look, stop, self.interval)

    def end(self) -> None:
        """Leave all as it is: what counts is in Nova's instance actions."""

    def _look(self, cell: Any) -> None:
        seen = self._memories.setdefault(cell.uuid, history.GuardHistory())
        context = cells.context(cell)
        for page in queries.pages(context, self.condition()):
            up = nova_compute.hosts_up(context)
            for row in page:
                if row.host not in up:
                    # What runs there, nobody can say.
                    seen.keep(row.uuid)
            cells.each_host(
                [row for row in page if row.host in up],
                functools.partial(self._host, cell, seen),
                self._options.guard_probe_workers)
        seen.end_look()

    def _host(self, cell: Any, seen: history.GuardHistory, host: str,
              rows: list[decisions.Row]) -> None:
        for row in rows:
            try:
                self._server(_Server(cells.context(cell), row, seen))
            except nova_compute.HostSilent:
                self._silent(seen, host, rows)
                return
            except nova_exception.InstanceNotFound:
                LOG.debug('The server %s was deleted meanwhile.', row.uuid)
            except Exception:
                LOG.exception('The guard failed with the server %s.', row.uuid)
                seen.see(row.uuid).acted.done(
                    time.monotonic(), self._pauses())

    def _silent(self, seen: history.GuardHistory, host: str,
                rows: list[decisions.Row]) -> None:
        for row in rows:
            seen.keep(row.uuid)
        said = seen.see('host ' + host).said
        if said.due(time.monotonic()):
            said.done(time.monotonic(), self._pauses())
            LOG.warning('nova-compute on %s does not answer the guard in '
                        '%d s. Its servers are left until the next look.',
                        host, self._options.guard_probe_timeout)

    def _server(self, server: _Server) -> None:
        if server.row.task_state is not None:
            self._pending(server)
        elif not self.recorded and not self._runs(server):
            return
        elif self._options.guard == 'report':
            self._report(server)
        elif self._options.guard == 'enforce':
            self._enforce(server)

    def _runs(self, server: _Server) -> bool:
        """Ask nova-compute. Where it cannot tell, the record counts."""
        runs = nova_compute.runs(server.context, server.uuid,
                                 self._options.guard_probe_timeout)
        return self.recorded if runs is None else runs

    def _report(self, server: _Server) -> None:
        said = server.case.said
        if said.due(time.monotonic()):
            said.done(time.monotonic(), self._pauses())
            LOG.warning('The server %s is locked and should be %s, but runs. '
                        'It is not touched, as [lockstatus]guard says.',
                        server.uuid, server.measure.vm_state)
            self._announce(server, 'found')

    def _enforce(self, server: _Server) -> None:
        self._say_failure(server)
        acted = server.case.acted
        if not acted.due(time.monotonic()) or not decisions.due(
                server.row, timeutils.utcnow(), self._pauses()):
            return
        # NOTE: soon after a host has started, its servers are recorded as
        # they were before. One that does not run would be set into ERROR by
        # nova-compute when it is to suspend it: so it is asked.
        if self.recorded and not self._runs(server):
            acted.done(time.monotonic(), self._pauses())
            return
        # Since the page of the server was read, many may have been asked.
        if not nova_compute.is_up(server.context, server.row.host):
            return
        action = task_claim.acquire(server.context, server.row, server.measure,
                                    self._conf.host)
        if action is not None:
            acted.done(time.monotonic(), self._pauses())
            self._act(server, action)

    def _act(self, server: _Server, action: int) -> None:
        try:
            instance = nova_compute.load(server.context, server.uuid)
            nova_compute.bring_back(server.context, instance, server.measure)
        except Exception:
            LOG.exception('nova-compute could not be told to %s the server '
                          '%s, which is locked and runs. It is tried again.',
                          server.measure.action, server.uuid)
            task_claim.release(
                server.context, server.uuid, server.measure, action)
            server.case.failure = action
            self._announce(server, 'failed')
            return
        LOG.warning('The server %s is locked and should be %s, but runs. '
                    'nova-compute is told to %s it.', server.uuid,
                    server.measure.vm_state, server.measure.action)
        self._announce(server, 'acted', instance)

    def _say_failure(self, server: _Server) -> None:
        row = server.row
        if not row.owed or server.case.failure == row.newest:
            return
        server.case.failure = row.newest
        LOG.warning('The server %s is locked and should be %s, but still '
                    'runs: the guard has tried %d times. It is tried again.',
                    row.uuid, server.measure.vm_state, row.failed)
        self._announce(server, 'failed')

    def _pending(self, server: _Server) -> None:
        case, action = server.case, server.row.newest
        if case.pending != action:
            case.pending = action
            case.pending_since = time.monotonic()
        timeout = self._options.guard_claim_timeout
        if (self._options.guard != 'enforce'
                or time.monotonic() - case.pending_since < timeout
                or not task_claim.release(server.context, server.uuid,
                                          server.measure, action)):
            return
        case.failure = action
        LOG.warning('nova-compute has not ended the %s of the server %s in '
                    '%d s. It is given up, and tried again.',
                    server.measure.action, server.uuid, timeout)
        self._announce(server, 'failed')

    def _pauses(self) -> tuple[float, float]:
        return (self._options.guard_pause, self._options.guard_pause_max)

    def _announce(self, server: _Server, outcome: str,
                  instance: Any = None) -> None:
        self._metrics.guarded(server.measure.action, outcome)
        guard.send(
            server.context,
            lambda: instance or nova_compute.load(server.context, server.uuid),
            server.measure.event, outcome, self._conf.host)


class Probe(Guard):
    """Asks nova-compute for servers that are recorded as down.

    :param conf: Nova's configuration
    :param metrics: are told what it does
    """

    name = 'guard probe'
    condition = staticmethod(queries.down)
    recorded = False

    @property
    def interval(self) -> float:
        """Return the seconds between two rounds, 0 for none."""
        if self._options.guard == 'off':
            return 0
        return float(self._options.guard_probe_interval)
