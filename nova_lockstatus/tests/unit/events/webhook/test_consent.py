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

import time

import fixtures

from nova_lockstatus import exception
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.events.webhook import delivery
from nova_lockstatus.events.webhook import endpoint
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.webhook_config import CHANGE
from nova_lockstatus.tests.fixtures.webhook_config import SERVER
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase

ORIGIN = 'cloud.example.com'


class ConsentTestCase(WebhookTestCase):

    def setUp(self):
        super().setUp()
        self.server = self.useFixture(webhook_server.WebhookServer())

    def make(self, origin=ORIGIN):
        client = self.client(self.server.url('127.0.0.1'),
                             allow_http_to_loopback=True,
                             request_origin=origin)
        webhook, = endpoint.read(self.conf)
        return delivery.Delivery(self.conf, webhook, client)

    def refused(self, made):
        later = self.assertRaises(
            outbox_relay.RetryLater, made.post, CHANGE, [SERVER])
        self.assertFalse(made.may_post)
        self.assertEqual([], self.server.requests)
        return later

    def test_asked_once(self):
        for allowed in (ORIGIN, '*', 'Cloud.Example.COM'):
            self.server.asked = []
            self.server.allowed_origin = allowed
            made = self.make()
            for _ in range(2):
                self.assertEqual([204], made.post(CHANGE, [SERVER]))
            self.assertEqual([ORIGIN], self.server.asked)

    def test_not_asked_by_default(self):
        for origin in (None, '', ' '):
            self.assertEqual(
                [204], self.make(origin).post(CHANGE, [SERVER]))
        self.assertEqual([], self.server.asked)

    def test_nothing_is_posted_without_it(self):
        for status, allowed in ((200, None), (200, ''), (200, 'example.com'),
                                (404, None), (405, ORIGIN), (503, '*')):
            self.server.options_status = status
            self.server.allowed_origin = allowed
            self.refused(self.make())

    def test_asked_again_after_a_pause(self):
        log = self.useFixture(fixtures.FakeLogger())
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.webhook.retry_delays.QUICK_SECONDS',
            0.5))
        made = self.make()
        for _ in range(2):
            while not made.may_post:
                time.sleep(0.01)
            self.assertIsInstance(self.refused(made).__cause__,
                                  exception.WebhookConsentMissing)
        self.assertEqual(1, log.output.count(
            'It does not allow events of cloud.example.com: OPTIONS was '
            'answered with the status 200'))
        self.server.allowed_origin = ORIGIN
        self.assertEqual([204], made.post(CHANGE, [SERVER]))
        self.assertEqual(3, len(self.server.asked))

    def test_name_that_is_none(self):
        for origin in ('https://cloud.example.com', 'a b', 'a\r\nX-A: b',
                       '.', 'k\u00e9y', 'a..b'):
            error = self.assertRaises(exception.InvalidWebhook, self.make,
                                      origin)
            self.assertIn('[lockstatus_webhook_acme]request_origin is no name '
                          'of a host', str(error))
