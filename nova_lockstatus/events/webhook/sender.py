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

"""Signs events, and posts them to a webhook once."""

import time
from collections.abc import Sequence
from typing import Any

from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook import standard_webhooks
from nova_lockstatus.events.webhook.client import Response
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.consent import Consent
from nova_lockstatus.events.webhook.endpoint import Endpoint

GONE = 410
"""The status code after which nothing more is posted to a webhook."""

TOO_LARGE = 413
"""The status code after which a batch is posted in two halves."""

RETRIED_STATUSES = (408, 425, 429)
"""The status codes of 4xx after which an event is tried again."""


def is_accepted(status: int) -> bool:
    """Tell whether an event is delivered."""
    return 200 <= status < 300


def is_final(status: int) -> bool:
    """Tell whether an event is delivered, or refused for good."""
    return status < 500 and status not in RETRIED_STATUSES


class Sender:
    """Posts events to one webhook, alone or in batches as it wants them."""

    def __init__(self, endpoint: Endpoint, client: WebhookClient) -> None:
        self._endpoint = endpoint
        self._client = client
        self._consent = Consent(endpoint, client)

    def post(self, events: Sequence[dict[str, Any]]) -> Response:
        """Post events, as many as the webhook takes at once.

        :raises WebhookConsentMissing: when the webhook wants no events
        :raises WebhookAddressNotAllowed: when the webhook has no address that
            is allowed
        :raises WebhookNotReached: when there is no response, or none in time
        """
        self._consent.require()
        if self._endpoint.batch > 1:
            content_type = cloudevent.BATCH_CONTENT_TYPE
            content = cloudevent.batch_body(events)
            message_id = cloudevent.batch_id(events)
        else:
            event, = events
            content_type = cloudevent.CONTENT_TYPE
            content = cloudevent.body(event)
            message_id = event['id']
        now = int(time.time())
        return self._client.post(content, {
            'Content-Type': content_type,
            'User-Agent': 'nova-lockstatus',
            cloudevent.SIGNATURE: cloudevent.sign(
                content, self._endpoint.secret, now),
            **standard_webhooks.headers(message_id, now, content,
                                        self._endpoint.secrets)})
