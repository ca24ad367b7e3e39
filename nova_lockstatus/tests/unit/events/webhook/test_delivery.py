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

import dataclasses
import uuid

import fixtures
import testtools

from nova_lockstatus import exception
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.events.webhook import delivery
from nova_lockstatus.events.webhook import endpoint
from nova_lockstatus.tests.fixtures import metrics
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.webhook_config import CHANGE
from nova_lockstatus.tests.fixtures.webhook_config import SERVER
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase


class AnswerTestCase(testtools.TestCase):

    def test_what_comes_of_an_answer(self):
        for status, accepted, final in (
                (200, True, True), (202, True, True), (204, True, True),
                (302, False, True), (400, False, True), (403, False, True),
                (404, False, True), (410, False, True), (408, False, False),
                (425, False, False), (429, False, False),
                (500, False, False), (503, False, False)):
            self.assertEqual((accepted, final), (
                delivery.is_accepted(status),
                delivery.is_final(status)), status)


class RetryTestCase(WebhookTestCase):

    def setUp(self):
        super().setUp()
        certificates = self.useFixture(webhook_server.Certificates())
        self.ca_file = certificates.ca_file
        self.server = self.useFixture(
            webhook_server.WebhookServer(certificates))
        self.set_up_delivery(self.server.url(), ca_file=certificates.ca_file)

    def set_up_delivery(self, url, **options):
        client = self.client(url, **options)
        webhook, = endpoint.read(self.conf)
        self.delivery = delivery.Delivery(self.conf, webhook, client)

    def post(self):
        return self.delivery.post(CHANGE, SERVER)

    def retry(self, cause):
        """Post an event that fails, and return when it is tried again."""
        later = self.assertRaises(outbox_relay.RetryLater, self.post)
        self.assertIsInstance(later.__cause__, cause)
        self.assertFalse(self.delivery.backoff.is_over)
        return later.seconds

    def assert_first_delay(self):
        self.assertTrue(1 <= self.retry(exception.WebhookNotTaken) <= 2)

    def test_delays_double(self):
        self.server.answers = [(500, {})] * 10
        for longest in (2, 4, 8, 16, 32, 64, 128, 256, 512, 600):
            seconds = self.retry(exception.WebhookNotTaken)
            self.assertTrue(longest / 2 <= seconds <= longest, seconds)

    def test_first_delay_again_after_a_success(self):
        self.server.answers = [(500, {}), (500, {}), (204, {}), (500, {})]
        self.assert_first_delay()
        self.retry(exception.WebhookNotTaken)
        self.assertEqual(204, self.post())
        self.assert_first_delay()

    def test_first_delay_again_after_a_final_refusal(self):
        self.server.answers = [(503, {}), (404, {}), (503, {})]
        self.assert_first_delay()
        self.assertEqual(404, self.post())
        self.assert_first_delay()

    def test_no_delay_after_a_final_refusal(self):
        self.server.answers = [(404, {})]
        self.assertEqual(404, self.post())
        self.assertTrue(self.delivery.may_post)

    def test_nothing_more_after_gone(self):
        self.server.answers = [(410, {})]
        log = self.useFixture(fixtures.FakeLogger())
        self.assertEqual(410, self.post())
        self.assertTrue(self.delivery.is_gone)
        self.assertFalse(self.delivery.may_post)
        for text in ('The webhook acme answered with 410 Gone',
                     '[lockstatus]webhooks', 'restart nova-lockstatus-watch'):
            self.assertIn(text, log.output)

    def test_event_that_is_never_taken(self):
        """Its delay grows, although others are taken meanwhile."""
        other = dataclasses.replace(CHANGE, id=str(uuid.uuid4()))
        for shortest in (1, 2, 4, 8):
            self.server.answers = [(500, {})]
            seconds = self.retry(exception.WebhookNotTaken)
            self.assertTrue(shortest <= seconds <= max(2, shortest), seconds)
            self.assertEqual(204, self.delivery.post(other, SERVER))
        self.assertEqual(204, self.post())
        self.server.answers = [(500, {})]
        self.assert_first_delay()

    def test_failures_that_are_counted_are_bounded(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.webhook.delivery.MAX_COUNTED', 2))
        self.server.answers = [(500, {})] * 3
        for _ in range(3):
            self.assertRaises(outbox_relay.RetryLater, self.delivery.post,
                              dataclasses.replace(
                                  CHANGE, id=str(uuid.uuid4())), SERVER)
        self.assertEqual(2, len(self.delivery._failures))

    def test_schedule_of_the_standard(self):
        self.set_up_delivery(self.server.url(), retries='standard',
                             ca_file=self.ca_file)
        self.server.answers = [(500, {})] * 4
        for longest in (10, 600, 2100, 7500):
            seconds = self.retry(exception.WebhookNotTaken)
            self.assertTrue(0.9 * longest <= seconds <= longest, seconds)

    def test_retry_after(self):
        for status in (429, 503):
            self.server.answers = [(status, {'Retry-After': '120'})]
            self.assertEqual(240, self.retry(exception.WebhookNotTaken))

    def test_longest_retry_after(self):
        for give_up, seconds in ((60, 900), (3600, 900), (280000, 70000)):
            self.config.config(group='lockstatus', webhook_give_up=give_up)
            self.server.answers = [(503, {'Retry-After': '100000'})]
            self.assertEqual(seconds + 300,
                             self.retry(exception.WebhookNotTaken))

    def test_webhook_that_is_not_reached(self):
        self.set_up_delivery('https://127.0.0.1:%d/' % metrics.free_port())
        self.assertTrue(1 <= self.retry(exception.WebhookNotReached) <= 2)
