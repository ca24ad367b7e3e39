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

"""Signatures as Standard Webhooks 1.0.0 has them."""

import base64
import datetime
import time

import standardwebhooks
import testtools

from nova_lockstatus.events.webhook import standard_webhooks

SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
EVENT_ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
SECONDS = 1614265330
CONTENT = b'{"test": 2432232314}'
SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
"""The vector of the libraries of the standard."""


def headers(*secrets, seconds=SECONDS):
    return standard_webhooks.headers(EVENT_ID, seconds, CONTENT, secrets)


class VectorTestCase(testtools.TestCase):

    def test_published_vector(self):
        self.assertEqual({
            'webhook-id': EVENT_ID,
            'webhook-timestamp': '1614265330',
            'webhook-signature': SIGNATURE}, headers(SECRET))

    def test_same_as_the_library(self):
        self.assertEqual(SIGNATURE, standardwebhooks.Webhook(SECRET).sign(
            EVENT_ID, datetime.datetime.fromtimestamp(
                SECONDS, datetime.timezone.utc), CONTENT.decode()))


class LibraryTestCase(testtools.TestCase):
    """The library of the standard receives it."""

    def verify(self, secret, sent):
        standardwebhooks.Webhook(secret).verify(CONTENT, sent)

    def test_each_secret_of_several(self):
        other = 'whsec_' + base64.b64encode(b'k' * 32).decode()
        sent = headers(SECRET, other, seconds=int(time.time()))
        self.assertEqual(2, len(sent['webhook-signature'].split(' ')))
        for secret in (SECRET, other):
            self.verify(secret, sent)
        self.assertRaises(
            standardwebhooks.WebhookVerificationError, self.verify,
            'whsec_' + base64.b64encode(b'l' * 32).decode(), sent)

    def test_text_that_is_no_secret_of_the_standard(self):
        sent = headers('k\u00e9y', seconds=int(time.time()))
        self.verify('k\u00e9y'.encode(), sent)
        self.verify('whsec_' + base64.b64encode(
            'k\u00e9y'.encode()).decode(), sent)

    def test_old_one_is_refused(self):
        self.assertRaises(
            standardwebhooks.WebhookVerificationError, self.verify, SECRET,
            headers(SECRET))


class KeyTestCase(testtools.TestCase):

    def test_base64(self):
        for length in (24, 25, 32, 64):
            key = bytes(range(length))
            text = base64.b64encode(key).decode()
            for secret in (text, text.rstrip('=')):
                self.assertEqual(key, standard_webhooks.key('whsec_' + secret))

    def test_other_text(self):
        for text in ('not-told', 'WHSEC_a', 'whsec'):
            self.assertEqual(text.encode(), standard_webhooks.key(text))

    def test_refused(self):
        for text in ('', 'a', 'not base64', 'k\u00e9y',
                     base64.b64encode(b'k' * 23).decode(),
                     base64.b64encode(b'k' * 65).decode(),
                     base64.b64encode(b'k' * 32).decode() + ' '):
            error = self.assertRaises(ValueError, standard_webhooks.key,
                                      'whsec_' + text)
            self.assertEqual('begins with whsec_, and no base64 of 24 to 64 '
                             'bytes follows', str(error))
