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

"""Posts a ping to a webhook, and explains what came of it."""

from __future__ import annotations

import dataclasses
import datetime
import time

from nova_lockstatus import exception
from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook import sender
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.utils import duration

WORKS = 'The receiver has taken it.'

# What to do about a status.
_BY_STATUS = {
    400: 'The receiver does not understand the event. It should take types '
         'that it does not know, and answer 2xx.',
    401: 'The receiver refuses the signature, or wants credentials: check '
         'that it has the same secret, that its clock is right, and that it '
         'verifies the body as it came.',
    404: 'The receiver has nothing at this path: check url in the group of '
         'the webhook.',
    405: 'The receiver takes no POST at this path: check url in the group of '
         'the webhook.',
    410: 'The receiver wants no more events. An event with this answer '
         'switches the webhook off.',
    413: 'The receiver does not take a body of this size: lower batch in the '
         'group of the webhook.',
    415: 'The receiver does not take this Content-Type. With batch above 1 it '
         'must take application/cloudevents-batch+json.',
    429: 'The receiver wants fewer POSTs. Raise batch in the group of the '
         'webhook to make fewer.',
}
_BY_STATUS[403] = _BY_STATUS[401]
_BY_STATUS[422] = _BY_STATUS[400]

_REDIRECT = ('A redirect is not followed: set url in the group of the webhook '
             'to where it leads.')

_REFUSED = 'An event with this answer is given up: check why in its log.'

_RETRIED = ('An event with this answer is tried again. The log of the '
            'receiver should say why it has failed.')

# What to do about a failure, by a part of its text in lower case.
_BY_REASON = (
    ('certificate_verify_failed',
     'The certificate must be valid, have the name in url, and be of an '
     'authority of the system or of ca_file.'),
    ('refused', 'Nothing listens at this address and port: check url, and '
                'that the receiver runs.'),
    ('not looked up', 'The name is not looked up in time: check the name '
                      'servers of this machine.'),
    ('not known', 'The name in url is not known to the name servers of this '
                  'machine.'),
    ('name resolution', 'The name servers of this machine do not answer.'),
    ('timed out', 'There was no answer in time: check that a firewall lets '
                  'this machine connect, and that the receiver answers '
                  'before it works on the event.'),
    ('unreachable', 'There is no way to this address: check the routes and '
                    'the firewall of this machine.'),
    ('ssl', 'Both sides do not agree on TLS: check that the port in url is '
            'one of HTTPS.'),
    ('closed connection', 'The receiver has hung up: check that the port in '
                          'url is the right one.'),
)


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of a ping.

    :param answer: what has come back
    :param advice: what to do
    """

    is_accepted: bool
    answer: str
    advice: str


def send(endpoint: Endpoint, client: WebhookClient) -> Result:
    """Post a ping, signed as an event is, in a batch if events are."""
    event = cloudevent.ping(endpoint.name, datetime.datetime.now(
        datetime.timezone.utc))
    began = time.monotonic()
    try:
        status = sender.Sender(endpoint, client).post([event]).status
    except exception.LockStatusException as error:
        return Result(False, str(error), _advise_on_failure(error))
    return Result(
        sender.is_accepted(status), 'HTTP %d after %s' % (
            status, duration.in_seconds(time.monotonic() - began)),
        advise(status))


def advise(status: int) -> str:
    """Return what to do about the status of an answer."""
    if sender.is_accepted(status):
        return WORKS
    if 300 <= status < 400:
        return _REDIRECT
    return _BY_STATUS.get(
        status, _REFUSED if sender.is_final(status) else _RETRIED)


def _advise_on_failure(error: exception.LockStatusException) -> str:
    if not isinstance(error, exception.WebhookNotReached):
        # Its text says what to do.
        return ''
    text = str(error).lower()
    return next((advice for part, advice in _BY_REASON if part in text), '')
