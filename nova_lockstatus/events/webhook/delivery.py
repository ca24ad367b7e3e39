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

import collections
import threading
import time
from typing import Any

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.events.lease import LeaseRenewer
from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook import retry_delays
from nova_lockstatus.events.webhook import standard_webhooks
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.client import seconds_until
from nova_lockstatus.events.webhook.consent import Consent
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.gateway import instances
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.backoff import scheduled
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logs.logger(__name__)

GONE = 410
"""The status code after which nothing more is posted to a webhook."""

RETRY_AFTER_SECONDS = 900
RETRY_AFTER_SHARE = 0.25
"""The longest Retry-After that counts: so many seconds, or this part of
webhook_give_up where that is longer."""

MAX_COUNTED = 1000
"""The number of changes whose failures are counted, those that failed last."""

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
        self._consent = Consent(endpoint, client)
        self._metrics = metrics
        self._log_once = LogOnce()
        self._servers = instances.InstanceReader()
        # Changes of several cells are delivered at the same time, and the
        # webhook gets one POST at a time.
        self._lock = threading.Lock()
        self._failures: collections.OrderedDict[str, int] = (
            collections.OrderedDict())
        self._schedule = retry_delays.schedule(endpoint.retries)
        self.backoff = retry_delays.backoff(endpoint.retries)
        """The delay between failures of the webhook."""
        self.is_gone = False
        """Whether the webhook has answered that it is gone for good."""

    @property
    def may_post(self) -> bool:
        """Tell whether the webhook is to get another event now."""
        return self.backoff.is_over and not self.is_gone

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
                        if not (lease.is_held and self.may_post):
                            return False
                        status = self.post(change, server)
                    if self.is_gone:
                        return False
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
        event = cloudevent.make(change, server,
                                self._conf.lockstatus.notify_host_names)
        body = cloudevent.body(event)
        retry_after = 0.0
        try:
            self._consent.require()
            response = self._client.post(body, self._headers(event, body))
            if not is_final(response.status):
                retry_after = self._read(response.retry_after)
                raise exception.WebhookNotTaken(status=response.status)
        except exception.LockStatusException as error:
            self._metrics.delivery_finished(self._endpoint.sink, 'failed')
            self._log_once.failed(what, error)
            raise outbox_relay.RetryLater(
                self._postpone(change, retry_after)) from error
        self._metrics.delivery_finished(
            self._endpoint.sink,
            'sent' if is_accepted(response.status) else 'failed')
        self._failures.pop(change.id, None)
        self._log_once.worked(what)
        self.backoff.worked()
        if response.status == GONE:
            self._switch_off()
        return response.status

    def _headers(self, event: dict[str, Any], body: bytes) -> dict[str, str]:
        now = int(time.time())
        return {
            'Content-Type': cloudevent.CONTENT_TYPE,
            'User-Agent': 'nova-lockstatus',
            cloudevent.SIGNATURE: cloudevent.sign(
                body, self._endpoint.secret, now),
            **standard_webhooks.headers(event['id'], now, body,
                                        self._endpoint.secrets)}

    def _read(self, retry_after: str | None) -> float:
        """Return for how long the webhook asks to be left alone."""
        most = RETRY_AFTER_SHARE * self._conf.lockstatus.webhook_give_up
        return seconds_until(retry_after, time.time(),
                             max(RETRY_AFTER_SECONDS, most))

    def _postpone(self, change: host_event.StatusChange, retry_after: float
                  ) -> float:
        """Begin the pause of the webhook.

        :returns: when the change is tried again, in seconds. Its own failures
            count, however many other changes the webhook takes meanwhile
        """
        failures = self._failures.pop(change.id, 0) + 1
        self._failures[change.id] = failures
        if len(self._failures) > MAX_COUNTED:
            self._failures.popitem(last=False)
        return max(retry_delays.after_pause(self.backoff.failed(retry_after)),
                   scheduled(failures, self._schedule))

    def _switch_off(self) -> None:
        self.is_gone = True
        LOG.error(
            'The webhook %(name)s answered with 410 Gone: this process posts '
            'nothing more to it. Its events wait for as long as '
            '[lockstatus]webhook_give_up says, and are given up then. Take '
            'its name out of [lockstatus]webhooks; or, if the receiver wants '
            'events again, restart nova-lockstatus-watch.',
            {'name': self._endpoint.name})

    def _log_refused(self, change: host_event.StatusChange,
                     refused: list[tuple[str, int]]) -> None:
        if refused:
            LOG.warning(
                'The webhook %s was not told for %d servers that their host '
                'is %s: for the first, %s, it has answered with the status '
                '%d.', self._endpoint.name, len(refused), change.new,
                *refused[0])
