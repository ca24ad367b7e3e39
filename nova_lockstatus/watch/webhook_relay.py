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

"""Tells the webhooks what is in the outbox for them."""

import threading

from oslo_config import cfg
from oslo_log import log as logging

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import relay
from nova_lockstatus.events import sinks
from nova_lockstatus.events.webhook import allowed_addresses
from nova_lockstatus.events.webhook import delivery
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.events.webhook.endpoint import read
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two looks into the store for one webhook, one statement
each."""


class WebhookRelay:
    """Tells one webhook. Each has its own thread, so that none waits.

    :param conf: Nova's configuration
    :param store: where the outbox is
    :param target: the webhook
    :param poster: posts to it
    :param metrics: are told what becomes of each event
    """

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 target: Endpoint, poster: WebhookClient,
                 metrics: Metrics = NO_METRICS) -> None:
        self.name = 'webhook ' + target.name
        self._conf = conf
        self._target = target
        self._complaints = LogOnce()
        self._delivery = delivery.Delivery(conf, target, poster, metrics)
        self._relay = relay.OutboxRelay(store, self._delivery.tell)

    @property
    def interval(self) -> float:
        """Return the seconds between two looks, 0 for none."""
        return (INTERVAL if self._target.sink in sinks.of_webhooks(self._conf)
                else 0)

    def run(self, stop: threading.Event) -> None:
        """Tell all that can be told now.

        :param stop: when it is set, the rest is handed over
        """
        what = '%s: the store cannot be used' % self.name
        try:
            while self._delivery.backoff.is_over:
                told = self._relay.relay_next([self._target.sink], stop)
                self._complaints.worked(what)
                if not told:
                    return
        except exception.LockStatusException as error:
            self._complaints.failed(what, error)

    def end(self) -> None:
        """Hand over what is under way."""
        try:
            self._relay.release()
        except exception.LockStatusException as error:
            LOG.warning('What the webhook %s is not told is not handed over, '
                        'but taken over in %d s: %s', self._target.name,
                        outbox_lease.LEASE, error)


def make_clients(conf: cfg.ConfigOpts) -> list[tuple[Endpoint,
                                                     WebhookClient]]:
    """Make what posts to the webhooks that are configured.

    :param conf: Nova's configuration
    :returns: each with its webhook
    :raises InvalidWebhook: when one cannot be used as it is configured
    :raises InvalidWebhookNetwork: when a network that is allowed is none
    """
    allows = allowed_addresses.allows(conf.lockstatus.webhook_allowed_networks)
    return [(target, WebhookClient(target, allows))
            for target in read(conf)]
