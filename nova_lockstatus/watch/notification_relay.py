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

"""Announces what nobody else does, as those who have died."""

import threading

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox
from nova_lockstatus.events import outbox_publisher
from nova_lockstatus.events import sinks
from nova_lockstatus.events.fan_out import FanOut
from nova_lockstatus.events.notifications.objects import service_publisher
from nova_lockstatus.gateway import compute_service
from nova_lockstatus.gateway.host_status import HostStatusReader
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

INTERVAL = 0.5
"""Seconds between two looks into the store, one statement each."""

SHUTDOWN_SECONDS = 3
"""Seconds that the end waits for what is under way."""


class NotificationRelay:
    """Takes over what is in the outbox, and hands it over at the end.

    :param conf: Nova's configuration
    :param store: where the outbox is
    :param metrics: are told what is to be announced, and what is
    """

    name = 'announcements'

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._store = store
        self._metrics = metrics
        self._complaints = LogOnce()
        self.hosts: int | None = None
        """Differs when another process has written down a change."""
        self.look = HostStatusReader(compute_service.service_is_up())
        self.outbox = outbox_publisher.OutboxPublisher(
            conf, store, FanOut(conf, service_publisher.WATCH, metrics),
            self.look)

    @property
    def interval(self) -> float:
        """Return the seconds between two looks into the outbox, 0 for none.
        """
        return INTERVAL if sinks.wanted(self._conf) else 0

    def run(self, stop: threading.Event) -> None:
        """Have announced what nobody announces, without waiting for that.

        :param stop: when it is set, the rest is handed over
        """
        what = '%s: the store cannot be read' % self.name
        try:
            revision = outbox.read_revision(self._store)
        except exception.LockStatusException as error:
            self._complaints.failed(what, error)
            self._metrics.outbox_length(None)
            return
        self._complaints.worked(what)
        self._metrics.outbox_length(revision.entries)
        self.hosts = revision.hosts
        if revision.entries:
            self.outbox.wake()

    def end(self) -> None:
        """Finish what is under way, or hand it over."""
        self.outbox.shutdown(SHUTDOWN_SECONDS)
