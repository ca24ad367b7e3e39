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

"""Delivers a change of a host in a notification for each of its servers."""

import threading
import time
from collections.abc import Iterable, Iterator

from oslo_config import cfg

from nova_lockstatus.core import host_event
from nova_lockstatus.events import retention
from nova_lockstatus.events import sinks
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.events.notifications import host_status
from nova_lockstatus.gateway import instances
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.utils.threads import run_parallel

LOG = logs.logger(__name__)

SENDERS = 4
"""The number of threads that send the notifications of a large host. A message
waits for the broker to confirm it."""

CONNECTIONS = 8
"""The number of notifications that are sent at the same time while several
hosts are announced. Each takes a connection."""

CHECKPOINT_EVERY = 200
"""Servers between two checkpoints: up to so many are notified twice after a
process was killed, and a stop waits for so many."""

SERVERS_PER_SENDER = 50
"""Servers for which another thread is started, which takes a connection."""


class FanOut:
    """Reads the servers of a host, and sends a notification for each.

    :param source: the service that sends them, for the publisher's name
    """

    def __init__(self, conf: cfg.ConfigOpts, source: str,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._source = source
        self._metrics = metrics
        self._servers = instances.InstanceReader()
        self._connections = threading.BoundedSemaphore(CONNECTIONS)

    def deliver(self, change: host_event.StatusChange, last: int = 0,
                lease: LeaseRenewer | None = None) -> bool:
        """Send the notifications for all servers that are on the host now.

        A notification that cannot be sent is logged, and the others are sent.
        All are sent when this returns, so that those of the host's next change
        come after them.

        :param last: the id in the cell's database of the last server for which
            the change was delivered, 0 for none
        :param lease: takes that id as a checkpoint. None where no other
            process can deliver the change
        :returns: whether the change is delivered for all servers
        :raises Exception: when the servers cannot be read, for instance
            because their cell is down
        """
        if not sinks.of_notifications(self._conf):
            # The change is for webhooks alone, and could not be recorded.
            return True
        if change.age > retention.NOTIFICATION_TTL_SECONDS:
            LOG.warning('The host %s is %s, and no notification is sent: the '
                        'change is more than %s old.', change.host, change.new,
                        duration.in_seconds(
                            retention.NOTIFICATION_TTL_SECONDS))
            return True
        began = time.monotonic()
        context = self._servers.context_of(change)
        sender = host_status.Sender(context, change, self._conf,
                                    self._source)
        read, failed = 0, 0
        for batch in _batches(
                self._servers.read(context, change.host, last)):
            read += len(batch)
            failed += self._send(batch, sender, change, lease)
            if lease is not None and not lease.checkpoint(batch[-1].id):
                LOG.info('Sent the notifications of %d servers of the host. '
                         'Another process goes on.', read)
                return False
        LOG.info('Sent the notifications of %(sent)d servers whose host is '
                 '%(new)s, before %(old)s; %(failed)d failed.',
                 {'sent': read - failed, 'failed': failed,
                  'new': change.new, 'old': change.old})
        self._metrics.fan_out_finished(time.monotonic() - began)
        return True

    def _send(self, batch: list[instances.InstanceRow],
              sender: host_status.Sender, change: host_event.StatusChange,
              lease: LeaseRenewer | None) -> int:
        """Send the notifications of some servers, in several threads.

        :returns: how many could not be sent
        """
        failed: list[str] = []

        def send(server: instances.InstanceRow) -> None:
            try:
                with self._connections:
                    if lease is not None and not lease.is_held:
                        return
                    sender.send(server)
                self._metrics.delivery_finished(sinks.NOTIFICATIONS, 'sent')
            except Exception:
                self._metrics.delivery_finished(sinks.NOTIFICATIONS, 'failed')
                failed.append(server.uuid)
                LOG.exception('The notification that the host of the server '
                              '%s is %s cannot be sent, and is lost.',
                              server.uuid, change.new)

        run_parallel(send, batch,
                     min(SENDERS, 1 + len(batch) // SERVERS_PER_SENDER))
        return len(failed)


def _batches(pages: Iterable[list[instances.InstanceRow]]
             ) -> Iterator[list[instances.InstanceRow]]:
    for page in pages:
        for start in range(0, len(page), CHECKPOINT_EVERY):
            yield page[start:start + CHECKPOINT_EVERY]
