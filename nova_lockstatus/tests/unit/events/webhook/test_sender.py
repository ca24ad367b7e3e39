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

import json
import uuid

import standardwebhooks
import testtools

from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook import sender
from nova_lockstatus.events.webhook.endpoint import read
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.webhook_config import CHANGE
from nova_lockstatus.tests.fixtures.webhook_config import SERVER
from nova_lockstatus.tests.fixtures.webhook_config import STANDARD_SECRET
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
                sender.is_accepted(status),
                sender.is_final(status)), status)


class PostTestCase(WebhookTestCase):

    def post(self, events, **options):
        server = self.useFixture(webhook_server.WebhookServer())
        client = self.client(server.url('127.0.0.1'),
                             allow_http_to_loopback=True,
                             secret=STANDARD_SECRET, **options)
        webhook, = read(self.conf)
        self.assertEqual(
            204, sender.Sender(webhook, client).post(events).status)
        (_path, headers, body), = server.requests
        standardwebhooks.Webhook(STANDARD_SECRET).verify(body, dict(headers))
        return headers, json.loads(body)

    @staticmethod
    def events(count):
        return [cloudevent.make(CHANGE, SERVER._replace(
            uuid=str(uuid.uuid4())), False) for _ in range(count)]

    def test_one_event(self):
        event, = events = self.events(1)
        headers, body = self.post(events)
        self.assertEqual(event, body)
        self.assertEqual(event['id'], headers['webhook-id'])
        self.assertEqual('application/cloudevents+json',
                         headers['Content-Type'])

    def test_batch(self):
        for count in (1, 3):
            events = self.events(count)
            headers, body = self.post(events, batch=5)
            self.assertEqual(events, body)
            self.assertEqual('application/cloudevents-batch+json',
                             headers['Content-Type'])
            again, _body = self.post(events, batch=5)
            self.assertEqual(headers['webhook-id'], again['webhook-id'])
            other, _body = self.post(self.events(count), batch=5)
            self.assertNotEqual(headers['webhook-id'], other['webhook-id'])
