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

"""Announces a change of a host for each of its servers."""

import time
from collections.abc import Iterable, Iterator

from oslo_config import cfg
from oslo_log import log as logging

from nova_lockstatus.core import host_event
from nova_lockstatus.events import retention
from nova_lockstatus.events import sinks
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.events.notifications import host_status
from nova_lockstatus.gateway import instances
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.utils.threads import run_parallel

LOG = logging.getLogger(__name__)


SENDERS = 4
"""How many threads send what a large host has to be told: a message waits for
the broker to confirm it."""

CHECKPOINT_EVERY = 200
"""After how many servers it is noted how far it is: so many can be told once
more where a process is killed, and so many are told before one ends."""

SERVERS_PER_SENDER = 50
"""How many servers are worth another thread, which takes a connection."""


class FanOut:
    """Reads the servers of a host and sends what its change means to each.

    :param conf: Nova's configuration
    :param source: the service that does it, for the publisher's name
    :param metrics: are told what becomes of it
    """

    def __init__(self, conf: cfg.ConfigOpts, source: str,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._source = source
        self._metrics = metrics
        self._servers = instances.InstanceReader()

    def announce(self, change: host_event.StatusChange, last: int = 0,
                 lease: LeaseRenewer | None = None) -> bool:
        """Announce a change for all servers that are on the host now.

        A server whose notification cannot be sent is logged, and the others
        have theirs. All are sent when this returns, so that what is announced
        next of the host comes after it.

        :param change: the change
        :param last: the id in the cell's database of the last server that was
            told, 0 for none
        :param lease: of the change, which notes that id again and again. None
            where nobody else can announce it
        :returns: whether it was announced to the end
        :raises Exception: when the servers cannot be read, as those of a cell
            that is down
        """
        if not sinks.of_notifications(self._conf):
            # It was to be told to others, and could not be written down.
            return True
        if change.age > retention.NOTIFICATION_TTL:
            LOG.warning('It is not announced that host %s is %s: it is too '
                        'long since.', change.host, change.new)
            return True
        began = time.monotonic()
        context = instances.context_of(change)
        sender = host_status.Sender(context, change, self._conf,
                                    self._source)
        failed: list[str] = []

        def send(server: instances.InstanceRow) -> None:
            if lease is not None and not lease.is_held:
                return
            try:
                sender.send(server)
                self._metrics.announced(sinks.NOTIFICATIONS, 'sent')
            except Exception:
                self._metrics.announced(sinks.NOTIFICATIONS, 'failed')
                failed.append(server.uuid)
                LOG.exception('It was not announced that the host of server '
                              '%s is %s.', server.uuid, change.new)

        read = 0
        for some in _some(self._servers.read(context, change.host, last)):
            read += len(some)
            run_parallel(
                send, some, min(SENDERS, 1 + len(some) // SERVERS_PER_SENDER))
            if lease is not None and not lease.checkpoint(some[-1].id):
                LOG.info('Announced for %d servers what their host is. '
                         'Another process goes on.', read)
                return False
        LOG.info('Announced for %(sent)d servers that their host is %(new)s, '
                 'before %(old)s; failed for %(failed)d.',
                 {'sent': read - len(failed), 'failed': len(failed),
                  'new': change.new, 'old': change.old})
        self._metrics.fanned_out(time.monotonic() - began)
        return True


def _some(pages: Iterable[list[instances.InstanceRow]]
          ) -> Iterator[list[instances.InstanceRow]]:
    for page in pages:
        for start in range(0, len(page), CHECKPOINT_EVERY):
            yield page[start:start + CHECKPOINT_EVERY]
