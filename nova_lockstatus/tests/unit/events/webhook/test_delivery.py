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
import json
import threading
import time
import uuid

import fixtures

from nova_lockstatus import exception
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.events.webhook import delivery
from nova_lockstatus.events.webhook import delivery_record
from nova_lockstatus.events.webhook import endpoint
from nova_lockstatus.tests.fixtures import metrics
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.webhook_config import CHANGE
from nova_lockstatus.tests.fixtures.webhook_config import SERVER
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase


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
        status, = self.delivery.post(CHANGE, [SERVER])
        return status

    def retry(self, cause):
        """Post an event that fails, and return when it is tried again."""
        later = self.assertRaises(outbox_relay.RetryLater, self.post)
        self.assertIsInstance(later.__cause__, cause)
        self.assertFalse(self.delivery.pause.is_over)
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
        self.assertEqual([], self.delivery.post(CHANGE, [SERVER]))
        self.assertTrue(self.delivery.is_gone)
        self.assertFalse(self.delivery.may_post)
        for text in ('The webhook acme answered with 410 Gone',
                     '[lockstatus]webhooks',
                     'nova-lockstatus webhook enable acme'):
            self.assertIn(text, log.output)

    def test_event_that_is_never_taken(self):
        """Its delay grows, although others are taken meanwhile."""
        other = dataclasses.replace(CHANGE, id=str(uuid.uuid4()))
        for shortest in (1, 2, 4, 8):
            self.server.answers = [(500, {})]
            seconds = self.retry(exception.WebhookNotTaken)
            self.assertTrue(shortest <= seconds <= max(2, shortest), seconds)
            self.assertEqual([204], self.delivery.post(other, [SERVER]))
        self.assertEqual(204, self.post())
        self.server.answers = [(500, {})]
        self.assert_first_delay()

    def test_failures_that_are_counted_are_bounded(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.webhook.pause.MAX_COUNTED', 2))
        self.server.answers = [(500, {})] * 3
        for _ in range(3):
            self.assertRaises(outbox_relay.RetryLater, self.delivery.post,
                              dataclasses.replace(
                                  CHANGE, id=str(uuid.uuid4())), [SERVER])
        self.assertEqual(2, len(self.delivery.pause._failures))

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


class Record(delivery_record.DeliveryRecord):
    """Keeps what it is given."""

    def __init__(self):
        self.answers = []
        self.events = []
        self.is_gone = False

    def is_off(self):
        return self.is_gone

    def switch_off(self):
        self.is_gone = True

    def answered(self, answer):
        self.answers.append(answer)

    def posted(self, events, status):
        self.events += [(event['subject'], status) for event in events]


class BatchTestCase(WebhookTestCase):

    def setUp(self):
        super().setUp()
        self.server = self.useFixture(webhook_server.WebhookServer())
        self.record = Record()
        self.servers = [SERVER._replace(uuid=str(uuid.uuid4()))
                        for _ in range(10)]
        self.ids = [server.uuid for server in self.servers]

    def make(self, **options):
        client = self.client(self.server.url('127.0.0.1'),
                             allow_http_to_loopback=True, **options)
        webhook, = endpoint.read(self.conf)
        return delivery.Delivery(self.conf, webhook, client, self.record)

    def sizes(self):
        return [len(json.loads(body))
                for _path, _headers, body in self.server.requests]

    def test_batches(self):
        self.assertEqual([204] * 10,
                         self.make(batch=4).post(CHANGE, self.servers))
        self.assertEqual([4, 4, 2], self.sizes())
        self.assertEqual(self.ids,
                         [event['subject'] for event in self.server.events()])
        self.assertEqual([(server, 204) for server in self.ids],
                         self.record.events)
        self.assertEqual({'HTTP 204'}, set(self.record.answers))

    def test_several_at_the_same_time(self):
        made = self.make(batch=2, parallel=3)
        self.server.goes_on.clear()
        thread = threading.Thread(target=made.post,
                                  args=(CHANGE, self.servers))
        thread.start()
        self.addCleanup(thread.join)
        self.assertTrue(self.server.wait_for(3))
        self.assertFalse(self.server.wait_for(4, 0.3))
        self.server.goes_on.set()
        thread.join(30)
        self.assertEqual([2] * 5, self.sizes())
        self.assertEqual(set(self.ids), {
            event['subject'] for event in self.server.events()})

    def test_changes_gather_while_a_post_is_under_way(self):
        made = self.make(batch=100)
        self.server.goes_on.clear()
        threads = []
        for number, server in enumerate(self.servers):
            thread = threading.Thread(target=made.post, args=(
                dataclasses.replace(CHANGE, id=str(uuid.uuid4())), [server]))
            thread.start()
            threads.append(thread)
            if not number:
                self.assertTrue(self.server.wait_for(1))
        while len(made._batcher._waiting) < 9:
            time.sleep(0.01)
        self.server.goes_on.set()
        for thread in threads:
            thread.join(30)
        self.assertEqual([1, 9], self.sizes())

    def test_one_fails(self):
        """What is before it has arrived, and is not posted again."""
        self.server.answers = [(204, {}), (503, {'Retry-After': '7'})]
        made = self.make(batch=4)
        later = self.assertRaises(outbox_relay.RetryLater, made.post, CHANGE,
                                  self.servers)
        self.assertEqual(14, later.seconds)
        self.assertEqual([(server, 204) for server in self.ids[:4]],
                         self.record.events[:4])
        self.assertIn('The event was answered with the status 503.',
                      self.record.answers)

    def test_several_failures_at_the_same_time_are_one(self):
        made = self.make(parallel=5)
        self.server.answers = [(503, {})] * 5
        self.server.goes_on.clear()
        done = []

        def post():
            try:
                made.post(CHANGE, self.servers[:5])
            except outbox_relay.RetryLater as later:
                done.append(later.seconds)

        thread = threading.Thread(target=post)
        thread.start()
        self.addCleanup(thread.join)
        self.assertTrue(self.server.wait_for(5))
        self.server.goes_on.set()
        thread.join(30)
        seconds, = done
        self.assertTrue(1 <= seconds <= 2, seconds)

    def test_too_large(self):
        self.server.answers = [(413, {}), (413, {})]
        self.assertEqual([204] * 10,
                         self.make(batch=10).post(CHANGE, self.servers))
        self.assertEqual([10, 5, 2, 3, 5], self.sizes())
        # One event that is too large is given up.
        self.server.answers = [(413, {})]
        self.assertEqual([413],
                         self.make(batch=10).post(CHANGE, self.servers[:1]))

    def test_gone(self):
        self.server.answers = [(410, {})]
        made = self.make(batch=4)
        self.assertEqual([], made.post(CHANGE, self.servers[:4]))
        self.assertTrue(made.is_gone)
        self.assertTrue(self.record.is_gone)
        self.assertEqual([], self.record.events)
        # Another process switches it on.
        self.record.is_gone = False
        made.read_state()
        self.assertTrue(made.may_post)
