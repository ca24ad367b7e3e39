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

"""Deletes what is too old or too many in the outbox and in the history."""

import threading

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_retention
from nova_lockstatus.db import webhook_history
from nova_lockstatus.events import sinks
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.log_once import LogOnce

LOG = logs.logger(__name__)

INTERVAL_SECONDS = 60
"""Seconds between two runs."""

NOTIFICATION_TTL_SECONDS = 24 * 60 * 60
"""Seconds after a change for which notifications of it are sent."""


class OutboxRetention:
    """Keeps the outbox within its limits, as a periodic task of the watch.

    So it does with the history of the webhooks.

    It does not matter whether any process relays the entries: a webhook may no
    longer be configured, and notifications may be turned off.
    """

    name = 'limits of the outbox'
    interval: float = INTERVAL_SECONDS

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store) -> None:
        self._conf = conf
        self._store = store
        self._log_once = LogOnce()

    def run(self, stop: threading.Event) -> None:
        """Delete the entries and the events beyond the limits.

        :param stop: when it is set, the rest is left for another run
        """
        with self._log_once.attempt(
                'The database of the plugin cannot be used (task: %s)'
                % self.name,
                exception.LockStatusException):
            self._delete_old(stop)
            self._delete_many(stop)
            outbox_retention.wake(self._store)
            self._delete_history(stop)

    def end(self) -> None:
        """Do nothing: the state is in the store."""

    def _delete_old(self, stop: threading.Event) -> None:
        for pattern, seconds in (
                (sinks.NOTIFICATIONS, NOTIFICATION_TTL_SECONDS),
                (sinks.LOCK_NOTIFICATIONS, NOTIFICATION_TTL_SECONDS),
                (sinks.WEBHOOKS, self._conf.lockstatus.webhook_give_up)):
            for sink, count in outbox_retention.expire(
                self._store, pattern, seconds, stop).items():
                LOG.warning('Events are given up, as they are more than %s '
                            'old: %d for %s.', duration.in_seconds(seconds),
                            count, sink)

    def _delete_many(self, stop: threading.Event) -> None:
        most = self._conf.lockstatus.webhook_queue
        for sink in sinks.of_webhooks(self._conf):
            count = outbox_retention.keep_newest(self._store, sink, most, stop)
            if count:
                LOG.warning('Events are given up, as more than %d were '
                            'waiting: %d for %s.', most, count, sink)

    def _delete_history(self, stop: threading.Event) -> None:
        options = self._conf.lockstatus
        webhook_history.expire(self._store, options.webhook_history, stop)
        webhook_history.keep_newest(
            self._store, options.webhook_history_events, stop)
