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

"""Relays the outbox entries of the webhooks."""

import threading

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.events import parallel_relay
from nova_lockstatus.events import sinks
from nova_lockstatus.events.webhook import allowed_addresses
from nova_lockstatus.events.webhook import delivery
from nova_lockstatus.events.webhook import delivery_record
from nova_lockstatus.events.webhook import retry_delays
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.events.webhook.endpoint import read
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logs.logger(__name__)

INTERVAL_SECONDS = 0.5
"""Seconds between two polls of the outbox for one webhook, with two statements
each."""

OFF_INTERVAL_SECONDS = 10
"""Seconds between two looks whether a webhook that is off is on again."""

HOSTS = 8
"""The number of hosts of one cell whose events gather in batches."""


class WebhookRelay:
    """Relays the entries of one webhook. Each has a thread of its own."""

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 endpoint: Endpoint, client: WebhookClient,
                 metrics: Metrics = NO_METRICS) -> None:
        self.name = 'webhook ' + endpoint.name
        self._conf = conf
        self._endpoint = endpoint
        self._client = client
        self._is_checked = False
        self._log_once = LogOnce()
        self._delivery = delivery.Delivery(
            conf, endpoint, client, delivery_record.StoredRecord(
                conf, store, endpoint), metrics)
        self._relay = _make_relay(endpoint, store, self._delivery.deliver)

    @property
    def interval(self) -> float:
        """Return the seconds between two polls, 0 for off."""
        if self._endpoint.sink not in sinks.of_webhooks(self._conf):
            return 0
        return (OFF_INTERVAL_SECONDS if self._delivery.is_gone
                else INTERVAL_SECONDS)

    def run(self, stop: threading.Event) -> None:
        """Relay all entries that are due.

        :param stop: when it is set, the rest is handed over
        """
        if not self._is_checked:
            self._is_checked = True
            problem = _problem(self._conf, self._endpoint, self._client)
            if problem:
                LOG.error('A webhook cannot work. %s', problem)
        store_fails = ('The database of the plugin cannot be used (task: %s)'
                       % self.name)
        if self._delivery.is_gone:
            with self._log_once.attempt(store_fails,
                                        exception.LockStatusException):
                self._delivery.read_state()
        while self._delivery.may_post:
            with self._log_once.attempt(store_fails,
                                        exception.LockStatusException):
                if self._relay.relay_next([self._endpoint.sink], stop):
                    continue
            return

    def end(self) -> None:
        """Hand over the entry that is being delivered."""
        try:
            self._relay.release()
        except exception.LockStatusException as error:
            LOG.warning('The events that are being sent to the webhook %s '
                        'cannot be handed over. Another nova-lockstatus-watch '
                        'goes on with them in %s: %s', self._endpoint.name,
                        duration.in_seconds(outbox_lease.LEASE_SECONDS), error)


def _make_relay(endpoint: Endpoint, store: database.Store,
                deliver: outbox_relay.Deliver) -> outbox_relay.OutboxRelay:
    if endpoint.batch == endpoint.parallel == 1:
        return outbox_relay.OutboxRelay(store, deliver)
    return parallel_relay.ParallelRelay(
        store, deliver,
        max(endpoint.parallel, HOSTS) if endpoint.batch > 1
        else endpoint.parallel)


def _problem(conf: cfg.ConfigOpts, endpoint: Endpoint, client: WebhookClient
             ) -> str | None:
    """Look up where a webhook is, and tell what is wrong.

    :returns: why nothing could be posted, or why not for as long as
        ``retries`` says; None where all is right
    """
    try:
        client.check()
    except exception.LockStatusException as error:
        return 'The webhook %s cannot be reached: %s' % (
            endpoint.name, error)
    return retry_delays.problem(endpoint, conf.lockstatus.webhook_give_up)


def find_problems(conf: cfg.ConfigOpts) -> list[str]:
    """Look up where each webhook is, without posting anything.

    :returns: a sentence for each webhook that cannot be reached, or not be
        tried again for as long as it should
    :raises InvalidWebhook: when the configuration of a webhook is not valid
    :raises InvalidWebhookNetwork: when an allowed network is not valid
    """
    return [problem for webhook in make_clients(conf)
            if (problem := _problem(conf, *webhook))]


def make_clients(conf: cfg.ConfigOpts) -> list[tuple[Endpoint,
                                                     WebhookClient]]:
    """Make a client for each webhook that is configured.

    :returns: the webhooks and their clients
    :raises InvalidWebhook: when the configuration of a webhook is not valid
    :raises InvalidWebhookNetwork: when an allowed network is not valid
    """
    allows = allowed_addresses.allows(conf.lockstatus.webhook_allowed_networks)
    return [(endpoint, WebhookClient(endpoint, allows))
            for endpoint in read(conf)]
