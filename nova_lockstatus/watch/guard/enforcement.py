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

"""Reports a server that should be down and runs, or brings it back."""

import time
from typing import Any

from oslo_config import cfg
from oslo_utils import timeutils

from nova_lockstatus.events.notifications import guard as notifications
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.watch.guard import decisions
from nova_lockstatus.watch.guard import history
from nova_lockstatus.watch.guard import nova_compute
from nova_lockstatus.watch.guard import task_claim

LOG = logs.logger(__name__)


class FoundServer:
    """A locked server that a query of the guard has found.

    ``is_guards_task`` says whether its task is an action of the guard.

    :param context: a RequestContext that is targeted at its cell
    """

    def __init__(self, context: Any, row: decisions.ServerRow,
                 servers: history.GuardHistory) -> None:
        under_way = decisions.action_under_way(row)
        action = under_way or decisions.enforcement_action(row)
        # The queries find no others.
        assert action is not None
        self.is_guards_task = under_way is not None
        self.context = context
        self.row = row
        self.uuid = row.uuid
        self.action = action
        self._servers = servers

    @property
    def state(self) -> history.ServerState:
        """Return the state in the history, which has it from then on."""
        return self._servers.state(self.uuid)


class Enforcement:
    """Acts on the servers that the guard finds, as [lockstatus]guard says.

    :param recorded_as_running: whether the servers are found because Nova has
        recorded that they run; otherwise nova-compute is asked first
    """

    def __init__(self, conf: cfg.ConfigOpts, metrics: Metrics,
                 recorded_as_running: bool) -> None:
        self._conf = conf
        self._options = conf.lockstatus
        self._metrics = metrics
        self._recorded_as_running = recorded_as_running

    @property
    def delays(self) -> tuple[float, float]:
        """Return the first and the longest pause between two attempts."""
        return (self._options.guard_pause, self._options.guard_pause_max)

    def check(self, server: FoundServer) -> None:
        """Check one server, and report it or bring it back.

        :raises HostSilent: when nova-compute does not answer in time
        :raises InstanceNotFound: when the server was deleted meanwhile
        """
        if server.is_guards_task:
            self._release_overdue(server)
        elif server.row.task_state is not None:
            self._report_wait(server)
        elif not self._recorded_as_running and not self._runs(server):
            return
        elif self._options.guard == 'report':
            self._report(server)
        elif self._options.guard == 'enforce':
            self._enforce(server)

    def _runs(self, server: FoundServer) -> bool:
        """Ask nova-compute; where it cannot tell, the record counts."""
        runs = nova_compute.runs(server.context, server.uuid,
                                 self._options.guard_probe_timeout)
        return self._recorded_as_running if runs is None else runs

    def _report(self, server: FoundServer) -> None:
        timer = server.state.report_backoff
        if timer.is_due(time.monotonic()):
            timer.restart(time.monotonic(), self.delays)
            LOG.warning('The server %s is locked and should be %s, but runs. '
                        'It is not touched, as [lockstatus]guard says.',
                        server.uuid, server.action.vm_state)
            self._notify(server, 'found')

    def _report_wait(self, server: FoundServer) -> None:
        """Report that nova-compute stops the server by itself."""
        timer = server.state.report_backoff
        if timer.is_due(time.monotonic()):
            timer.restart(time.monotonic(), self.delays)
            LOG.warning('The server %s is locked and should be %s, but runs. '
                        'nova-compute has found that and stops it by itself, '
                        'which the guard waits for.', server.uuid,
                        server.action.vm_state)

    def _enforce(self, server: FoundServer) -> None:
        self._report_failure(server)
        timer = server.state.action_backoff
        if not timer.is_due(time.monotonic()) or not decisions.is_due(
                server.row, timeutils.utcnow(), self.delays):
            return
        # NOTE: soon after a host has started, its servers are recorded as
        # they were before. nova-compute sets one into ERROR that it is to
        # suspend and that does not run: so it is asked.
        if self._recorded_as_running and not self._runs(server):
            timer.restart(time.monotonic(), self.delays)
            return
        # Many may have been asked since the page with the server was read.
        if not nova_compute.is_up(server.context, server.row.host):
            return
        action_id = task_claim.acquire(server.context, server.row,
                                       server.action, self._conf.host)
        if action_id is not None:
            timer.restart(time.monotonic(), self.delays)
            self._bring_back(server, action_id)

    def _bring_back(self, server: FoundServer, action_id: int) -> None:
        try:
            instance = nova_compute.load(server.context, server.uuid)
            nova_compute.bring_back(server.context, instance, server.action)
        except Exception:
            LOG.exception('nova-compute could not be told to %s the server '
                          '%s, which is locked and runs. It is tried again.',
                          server.action.name, server.uuid)
            task_claim.release(
                server.context, server.uuid, server.action, action_id)
            server.state.reported_failure = action_id
            self._notify(server, 'failed')
            return
        LOG.warning('The server %s is locked and should be %s, but runs. '
                    'nova-compute is told to %s it.', server.uuid,
                    server.action.vm_state, server.action.name)
        self._notify(server, 'acted', instance)

    def _report_failure(self, server: FoundServer) -> None:
        """Report the last action if it has failed, and not twice."""
        row, state = server.row, server.state
        if (not row.unfinished_action
                or state.reported_failure == row.newest_action_id):
            return
        state.reported_failure = row.newest_action_id
        LOG.warning('The server %s is locked and should be %s, but still '
                    'runs: the guard has tried %d times. It is tried again.',
                    row.uuid, server.action.vm_state, row.failed_attempts)
        self._notify(server, 'failed')

    def _release_overdue(self, server: FoundServer) -> None:
        """Release the claim of an action that takes too long."""
        state, action_id = server.state, server.row.newest_action_id
        if state.pending_action != action_id:
            state.pending_action = action_id
            state.pending_since = time.monotonic()
        timeout = self._options.guard_claim_timeout
        if (self._options.guard != 'enforce'
                or time.monotonic() - state.pending_since < timeout
                or not task_claim.release(server.context, server.uuid,
                                          server.action, action_id)):
            return
        state.reported_failure = action_id
        LOG.warning('nova-compute has not ended the %s of the server %s in '
                    '%s. It is given up, and tried again.',
                    server.action.name, server.uuid,
                    duration.in_seconds(timeout))
        self._notify(server, 'failed')

    def _notify(self, server: FoundServer, outcome: str,
                instance: Any = None) -> None:
        self._metrics.guard_acted(server.action.name, outcome)
        notifications.send(
            server.context,
            lambda: instance or nova_compute.load(server.context, server.uuid),
            server.action.notification_action, outcome, self._conf.host)
