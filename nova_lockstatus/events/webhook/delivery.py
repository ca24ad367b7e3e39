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

"""Tells a webhook what a change of a host means to its project's servers."""

import threading
import time

from oslo_config import cfg
from oslo_log import log as logging

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.events import relay
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.client import seconds_until
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.gateway import instances
from nova_lockstatus.utils.backoff import Backoff
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logging.getLogger(__name__)

RETRY_SECONDS = 1
RETRY_MAX_SECONDS = 300
"""The first and the longest delay after a failure of a webhook."""

RETRY_JITTER = 0.5

NOT_NOW = (408, 425, 429)
"""Answers of 4xx after which an event is tried again."""


def is_taken(status: int) -> bool:
    """Tell whether an event has arrived.

    :param status: the status of the answer
    :returns: whether it has
    """
    return 200 <= status < 300


def is_final(status: int) -> bool:
    """Tell whether an event is not tried again.

    :param status: the status of the answer
    :returns: whether it has arrived, or never will
    """
    return status < 500 and status not in NOT_NOW


class Delivery:
    """Posts an event for each server of one project that is on a host.

    :param conf: Nova's configuration
    :param target: the webhook
    :param poster: posts to it
    :param metrics: are told what becomes of each event
    """

    def __init__(self, conf: cfg.ConfigOpts, target: Endpoint,
                 poster: WebhookClient,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._target = target
        self._poster = poster
        self._metrics = metrics
        self._complaints = LogOnce()
        self._servers = instances.InstanceReader()
        # Changes of several cells are told at the same time.
        self._one = threading.Lock()
        self.backoff = Backoff(RETRY_SECONDS, RETRY_MAX_SECONDS,
                               RETRY_JITTER)
        """When the webhook can be tried."""

    def tell(self, change: host_event.StatusChange, last: int,
             lease: LeaseRenewer) -> bool:
        """Tell one change, in the order of the servers' ids.

        :param change: the change
        :param last: the id of the last server that was told, 0 for none
        :param lease: of the change. It notes that id after each event
        :returns: whether it was told to the end
        :raises Later: when the webhook cannot be told now
        :raises Exception: when the servers cannot be read, as those of a cell
            that is down
        """
        context = instances.context_of(change)
        refused: list[tuple[str, int]] = []
        try:
            for page in self._servers.read(context, change.host, last,
                                           self._target.project_id):
                for server in page:
                    if change.age > self._conf.lockstatus.webhook_give_up:
                        LOG.warning(
                            'The webhook %s is not told any more that the '
                            'host of server %s, and of those after it, is '
                            '%s: it is too long since.', self._target.name,
                            server.uuid, change.new)
                        return True
                    with self._one:
                        if not (lease.is_held and self.backoff.is_over):
                            return False
                        status = self._post(change, server)
                    if not is_taken(status):
                        refused.append((server.uuid, status))
                    if not lease.checkpoint(server.id):
                        return False
        finally:
            self._say_refused(change, refused)
        return True

    def _post(self, change: host_event.StatusChange,
              server: instances.InstanceRow) -> int:
        """Post the event of a server.

        :returns: the status of the answer, which is final
        :raises Later: when it is to be posted again
        """
        what = 'The webhook %s' % self._target.name
        body = cloudevent.body(cloudevent.make(
            change, server, self._conf.lockstatus.notify_host_names))
        retry_after = 0.0
        try:
            answer = self._poster.post(body, {
                'Content-Type': cloudevent.CONTENT_TYPE,
                'User-Agent': 'nova-lockstatus',
                cloudevent.SIGNATURE: cloudevent.sign(
                    body, self._target.secret, int(time.time()))})
            if not is_final(answer.status):
                retry_after = seconds_until(answer.retry_after,
                                            time.time())
                raise exception.WebhookNotTaken(status=answer.status)
        except exception.LockStatusException as error:
            self._metrics.announced(self._target.sink, 'failed')
            self._complaints.failed(what, error)
            # Twice as long as the webhook's own pause: one event that is not
            # taken must not keep those of other hosts from it.
            raise relay.RetryLater(
                2 * self.backoff.failed(retry_after)) from error
        self._metrics.announced(
            self._target.sink,
            'sent' if is_taken(answer.status) else 'failed')
        self._complaints.worked(what)
        self.backoff.worked()
        return answer.status

    def _say_refused(self, change: host_event.StatusChange,
                     refused: list[tuple[str, int]]) -> None:
        if refused:
            LOG.warning(
                'The webhook %s was not told for %d servers that their host '
                'is %s: for the first, %s, it has answered with the status '
                '%d.', self._target.name, len(refused), change.new,
                *refused[0])
