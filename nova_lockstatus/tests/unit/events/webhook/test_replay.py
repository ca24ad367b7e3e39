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

import datetime
import json
import uuid

import fixtures

from nova_lockstatus import exception
from nova_lockstatus.db.webhook_history import PostedEvent
from nova_lockstatus.events.webhook import replay
from nova_lockstatus.events.webhook import sender
from nova_lockstatus.events.webhook.endpoint import read
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase


class ReplayTestCase(WebhookTestCase):

    def setUp(self):
        super().setUp()
        self.server = self.useFixture(webhook_server.WebhookServer())
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.webhook.replay.RETRY_SECONDS', 0.001))
        now = datetime.datetime(2026, 11, 30)
        self.rows = [PostedEvent(number, 204, now, json.dumps({
            'id': str(uuid.uuid4())})) for number in range(5)]
        self.ids = [json.loads(row.event)['id'] for row in self.rows]

    def make(self, **options):
        client = self.client(self.server.url('127.0.0.1'),
                             allow_http_to_loopback=True, **options)
        webhook, = read(self.conf)
        return replay.Replay(sender.Sender(webhook, client), webhook.batch)

    def posted(self):
        return [event['id'] for event in self.server.events()]

    def test_in_order(self):
        for batch, requests in ((1, 5), (2, 3), (9, 2)):
            self.server.requests = []
            task = self.make(batch=batch)
            task.run([self.rows[:2], self.rows[2:]])
            self.assertEqual(self.ids, self.posted())
            self.assertEqual((5, 0, self.rows[-1]),
                             (task.accepted, task.refused, task.last))
            self.assertEqual(requests, len(self.server.requests))

    def test_tried_again(self):
        self.server.answers = [(204, {}), (503, {}), (429, {})]
        task = self.make()
        task.run([self.rows])
        self.assertEqual(5, task.accepted)
        self.assertEqual(self.ids[:1] + self.ids[1:2] * 3 + self.ids[2:],
                         self.posted())

    def test_ends_after_some_tries(self):
        self.server.answers = [(204, {})] + [(503, {})] * replay.TRIES
        task = self.make()
        self.assertRaises(exception.WebhookNotTaken, task.run, [self.rows])
        self.assertEqual((1, 0, self.rows[0]),
                         (task.accepted, task.refused, task.last))

    def test_refused(self):
        self.server.answers = [(204, {}), (400, {})]
        task = self.make()
        task.run([self.rows])
        self.assertEqual((4, 1), (task.accepted, task.refused))

    def test_gone(self):
        self.server.answers = [(410, {})]
        self.assertRaises(exception.WebhookNotTaken, self.make().run,
                          [self.rows])
        self.assertEqual(1, len(self.server.requests))

    def test_too_large(self):
        self.server.answers = [(413, {})]
        task = self.make(batch=5)
        task.run([self.rows])
        self.assertEqual((5, 0), (task.accepted, task.refused))
        self.assertEqual(self.ids, self.posted()[5:])
