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

"""Delivers a change of a host to a webhook, in an event for each server."""

import threading
import time

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.events import relay
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.client import seconds_until
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.gateway import instances
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.backoff import Backoff
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logs.logger(__name__)

RETRY_SECONDS = 1
RETRY_MAX_SECONDS = 300
"""The first and the longest delay after a failure of a webhook."""

RETRY_JITTER = 0.5
"""The part of a delay that is cut at random, at the most."""

RETRIED_STATUSES = (408, 425, 429)
"""The status codes of 4xx after which an event is tried again."""


def is_accepted(status: int) -> bool:
    """Tell whether an event is delivered."""
    return 200 <= status < 300


def is_final(status: int) -> bool:
    """Tell whether an event is delivered, or refused for good."""
    return status < 500 and status not in RETRIED_STATUSES


class Delivery:
    """Posts an event for each server of one project that is on a host."""

    def __init__(self, conf: cfg.ConfigOpts, endpoint: Endpoint,
                 client: WebhookClient,
                 metrics: Metrics = NO_METRICS) -> None:
        self._conf = conf
        self._endpoint = endpoint
        self._client = client
        self._metrics = metrics
        self._log_once = LogOnce()
        self._servers = instances.InstanceReader()
        # Changes of several cells are delivered at the same time, and the
        # webhook gets one POST at a time.
        self._lock = threading.Lock()
        self.backoff = Backoff(RETRY_SECONDS, RETRY_MAX_SECONDS,
                               RETRY_JITTER)
        """The delay between failures of the webhook."""

    def deliver(self, change: host_event.StatusChange, last: int,
                lease: LeaseRenewer) -> bool:
        """Post an event for each server, in the order of their ids.

        :param last: the id of the last server for which the change was
            delivered, 0 for none
        :param lease: takes that id as a checkpoint after each event
        :returns: whether the change is delivered for all servers
        :raises RetryLater: when the webhook did not take an event
        :raises Exception: when the servers cannot be read, for instance
            because their cell is down
        """
        context = instances.context_of(change)
        refused: list[tuple[str, int]] = []
        try:
            for page in self._servers.read(context, change.host, last,
                                           self._endpoint.project_id):
                for server in page:
                    if change.age > self._conf.lockstatus.webhook_give_up:
                        LOG.warning(
                            'The webhook %s is not told any more that the '
                            'host of server %s, and of those after it, is '
                            '%s: it is too long since.', self._endpoint.name,
                            server.uuid, change.new)
                        return True
                    with self._lock:
                        if not (lease.is_held and self.backoff.is_over):
                            return False
                        status = self.post(change, server)
                    if not is_accepted(status):
                        refused.append((server.uuid, status))
                    if not lease.checkpoint(server.id):
                        return False
        finally:
            self._log_refused(change, refused)
        return True

    def post(self, change: host_event.StatusChange,
              server: instances.InstanceRow) -> int:
        """Post the event of a server.

        :returns: the HTTP status of the response, which is final
        :raises RetryLater: when it is to be posted again
        """
        what = 'The webhook %s' % self._endpoint.name
        body = cloudevent.body(cloudevent.make(
            change, server, self._conf.lockstatus.notify_host_names))
        retry_after = 0.0
        try:
            response = self._client.post(body, {
                'Content-Type': cloudevent.CONTENT_TYPE,
                'User-Agent': 'nova-lockstatus',
                cloudevent.SIGNATURE: cloudevent.sign(
                    body, self._endpoint.secret, int(time.time()))})
            if not is_final(response.status):
                retry_after = seconds_until(response.retry_after,
                                            time.time())
                raise exception.WebhookNotTaken(status=response.status)
        except exception.LockStatusException as error:
            self._metrics.delivery_finished(self._endpoint.sink, 'failed')
            self._log_once.failed(what, error)
            # Twice as long as the delay of the webhook: an event that it does
            # not take must not hold up those of other hosts.
            raise relay.RetryLater(
                2 * self.backoff.failed(retry_after)) from error
        self._metrics.delivery_finished(
            self._endpoint.sink,
            'sent' if is_accepted(response.status) else 'failed')
        self._log_once.worked(what)
        self.backoff.worked()
        return response.status

    def _log_refused(self, change: host_event.StatusChange,
                     refused: list[tuple[str, int]]) -> None:
        if refused:
            LOG.warning(
                'The webhook %s was not told for %d servers that their host '
                'is %s: for the first, %s, it has answered with the status '
                '%d.', self._endpoint.name, len(refused), change.new,
                *refused[0])
