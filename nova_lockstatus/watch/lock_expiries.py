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

"""Records locks that have expired in the outbox, and announces them."""

import threading
from collections.abc import Collection, Sequence

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.core import lock_expiry
from nova_lockstatus.core.lock_ends import LockEnd
from nova_lockstatus.db import database
from nova_lockstatus.db import expired_locks
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.events import sinks
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.events.notifications import lock_expiry as notifications
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway import lock_ends
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logs.logger(__name__)

ALIAS = 'os-server-locks'

INTERVAL_SECONDS = 0.5
"""Seconds between two polls of the outbox, with two statements each."""


def is_enabled(conf: cfg.ConfigOpts) -> bool:
    """Tell whether locks of servers can have an end."""
    return ALIAS in conf.lockstatus.enabled_extensions


class LockExpiries:
    """Records each end of a lock once, whichever process finds it.

    :param webhooks: those that are configured
    """

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 webhooks: Sequence[Endpoint]) -> None:
        self._conf = conf
        self._store = store
        self._webhooks = webhooks

    def record(self, cell: str,
               ends: Sequence[tuple[lock_ends.ServerEnds, LockEnd]]) -> None:
        """Record locks that have expired.

        :param cell: the uuid of their cell
        :raises LockStatusException: when the store cannot be used
        """
        found = [expired_locks.Expiry(
            lock_expiry.entry(cell, server.uuid, str(end.lock_id)),
            end.at, self._sinks(server.project_id)) for server, end in ends]
        count = expired_locks.record(self._store, found)
        if count:
            LOG.info('%d locks of servers have expired. They stay in force.',
                     count)

    def keep(self, cell: str, lock_ids: Collection[str]) -> None:
        """Forget those locks of a cell that are not there any more.

        :param cell: the uuid of the cell
        :param lock_ids: the locks that have expired
        :raises LockStatusException: when the store cannot be used
        """
        expired_locks.keep(self._store, cell, lock_ids)

    def _sinks(self, project_id: str | None) -> Sequence[str]:
        used = sinks.of_webhooks(self._conf)
        return (*sinks.of_lock_notifications(self._conf), *(
            webhook.sink for webhook in self._webhooks
            if webhook.project_id == project_id and webhook.sink in used))


class LockExpiryRelay:
    """Sends the notifications of the locks that are recorded."""

    name = 'expired locks'

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._metrics = metrics
        self._log_once = LogOnce()
        self._servers = instances.InstanceReader()
        self._relay = outbox_relay.OutboxRelay(store, self._deliver)

    @property
    def interval(self) -> float:
        """Return the seconds between two polls, 0 for off."""
        return (INTERVAL_SECONDS if is_enabled(self._conf)
                and sinks.of_lock_notifications(self._conf) else 0)

    def run(self, stop: threading.Event) -> None:
        """Send all that are due.

        :param stop: when it is set, the rest is handed over
        """
        with self._log_once.attempt(
                'The database of the plugin cannot be used (task: %s)'
                % self.name,
                exception.LockStatusException):
            while self._relay.relay_next([sinks.LOCK_NOTIFICATIONS], stop):
                pass

    def end(self) -> None:
        """Hand over the entry that is being delivered."""
        with self._log_once.attempt(
                'The locks that are being announced as expired cannot be '
                'handed over (task: %s)' % self.name,
                exception.LockStatusException):
            self._relay.release()

    def _deliver(self, change: host_event.StatusChange, last: int,
                 lease: LeaseRenewer) -> bool:
        context = self._servers.context_of(change)
        expired = lock_ends.read_expired(context, change.host, change.id)
        if expired is None:
            return True
        try:
            notifications.send(context, self._conf, expired)
        except Exception:
            self._metrics.delivery_finished(sinks.LOCK_NOTIFICATIONS,
                                            'failed')
            raise
        self._metrics.delivery_finished(sinks.LOCK_NOTIFICATIONS, 'sent')
        return True
