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

"""Relays the outbox entries that no other process relays."""

import threading
import time
from collections.abc import Mapping

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox
from nova_lockstatus.events import outbox_publisher
from nova_lockstatus.events import sinks
from nova_lockstatus.events.fan_out import FanOut
from nova_lockstatus.events.notifications.objects import service_publisher
from nova_lockstatus.gateway import compute_service
from nova_lockstatus.gateway.host_status_reader import HostStatusReader
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

INTERVAL_SECONDS = 0.5
"""Seconds between two polls of the outbox, with one statement each."""

SHUTDOWN_SECONDS = 3
"""Seconds that the end waits for entries that are being delivered."""


OLDEST_SECONDS = 10
"""Seconds between two statements that read the oldest entries for metrics,
while the outbox has entries."""


class NotificationRelay:
    """Polls the outbox, and wakes its publisher if there are entries."""

    name = 'announcements'

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._store = store
        self._metrics = metrics
        self._log_once = LogOnce()
        self._oldest: Mapping[str, float] = {}
        self._oldest_until = 0.0
        self.hosts_revision: int | None = None
        """Differs when any process has recorded a change since."""
        self.reader = HostStatusReader(compute_service.service_is_up())
        self.publisher = outbox_publisher.OutboxPublisher(
            conf, store, FanOut(conf, service_publisher.WATCH, metrics),
            self.reader)

    @property
    def interval(self) -> float:
        """Return the seconds between two polls of the outbox, 0 for off."""
        return INTERVAL_SECONDS if sinks.configured(self._conf) else 0

    def run(self, stop: threading.Event) -> None:
        """Poll once. Entries are relayed in another thread.

        :param stop: not used, as a poll is short
        """
        with self._log_once.attempt(
                'The database of the plugin cannot be read (task: %s)'
                % self.name,
                exception.LockStatusException):
            revision = outbox.read_revision(self._store)
            self._metrics.outbox_length(
                revision.entries, self._read_oldest(revision.entries))
            self.hosts_revision = revision.hosts
            if revision.entries:
                self.publisher.wake()
            return
        self._metrics.outbox_length(None, {})

    def _read_oldest(self, entries: int) -> Mapping[str, float]:
        """Read the oldest entries for the metrics, where there are any."""
        now = time.monotonic()
        if not entries or self._metrics is NO_METRICS:
            self._oldest, self._oldest_until = {}, 0.0
        elif now >= self._oldest_until:
            self._oldest_until = now + OLDEST_SECONDS
            self._oldest = {
                sink: moment.timestamp() for sink, moment
                in outbox.read_oldest(self._store).items()}
        return self._oldest

    def end(self) -> None:
        """Finish the entries that are being delivered, or hand them over."""
        self.publisher.shutdown(SHUTDOWN_SECONDS)
