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

"""Asks a webhook for its consent before the first event is posted.

The abuse protection of CloudEvents' HTTP 1.1 Web Hooks for Event Delivery 1.0:
https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
"""

import threading

from nova_lockstatus import exception
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.endpoint import Endpoint

ANY_ORIGIN = '*'


class Consent:
    """Remembers whether one webhook wants events."""

    def __init__(self, endpoint: Endpoint, client: WebhookClient) -> None:
        self._origin = endpoint.request_origin
        self._client = client
        self._is_given = self._origin is None
        # Of several POSTs at the same time, the first one asks.
        self._lock = threading.Lock()

    def require(self) -> None:
        """Ask for the consent, unless it was given or need not be.

        :raises WebhookConsentMissing: when the webhook does not give it
        :raises WebhookNotReached: when there is no response
        :raises WebhookAddressNotAllowed: when the webhook has no address that
            is allowed
        """
        with self._lock:
            self._require()

    def _require(self) -> None:
        if self._is_given or self._origin is None:
            return
        response = self._client.post(b'', {
            'User-Agent': 'nova-lockstatus',
            'WebHook-Request-Origin': self._origin}, 'OPTIONS')
        allowed = (response.allowed_origin or '').strip().lower()
        if not 200 <= response.status < 300 or allowed not in (
                ANY_ORIGIN, self._origin.lower()):
            raise exception.WebhookConsentMissing(
                origin=self._origin, status=response.status)
        self._is_given = True
