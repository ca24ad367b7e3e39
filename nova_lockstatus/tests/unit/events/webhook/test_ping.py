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

import standardwebhooks
import testtools

from nova_lockstatus.events.webhook import ping
from nova_lockstatus.events.webhook.endpoint import read
from nova_lockstatus.tests.fixtures import metrics
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.webhook_config import STANDARD_SECRET
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase


class AdviceTestCase(testtools.TestCase):

    def test_statuses(self):
        for status, text in (
                (200, 'has taken it'), (308, 'redirect'), (400, 'types'),
                (401, 'secret'), (403, 'secret'), (404, 'path'),
                (405, 'no POST'), (408, 'tried again'), (409, 'given up'),
                (410, 'switches the webhook off'), (413, 'lower batch'),
                (415, 'Content-Type'), (425, 'tried again'),
                (429, 'fewer POSTs'), (500, 'tried again')):
            self.assertIn(text, ping.advise(status), status)


class PingTestCase(WebhookTestCase):

    def setUp(self):
        super().setUp()
        self.certificates = self.useFixture(webhook_server.Certificates())
        self.server = self.useFixture(
            webhook_server.WebhookServer(self.certificates))

    def ping(self, url=None, networks=('127.0.0.0/8',), **options):
        client = self.client(url or self.server.url(), list(networks), **{
            'ca_file': self.certificates.ca_file, 'secret': STANDARD_SECRET,
            **options})
        webhook, = read(self.conf)
        return ping.send(webhook, client)

    def test_accepted(self):
        result = self.ping()
        self.assertTrue(result.is_accepted)
        self.assertRegex(result.answer, '^HTTP 204 after .* s$')
        (_path, headers, body), = self.server.requests
        event = standardwebhooks.Webhook(STANDARD_SECRET).verify(
            body, dict(headers))
        self.assertEqual(
            ('org.openstack.nova.lockstatus.ping', {'webhook': 'acme'}),
            (event['type'], event['data']))

    def test_as_events_are_posted(self):
        self.ping(batch=10)
        (_path, headers, body), = self.server.requests
        self.assertEqual('application/cloudevents-batch+json',
                         headers['Content-Type'])
        self.assertEqual(1, len(json.loads(body)))

    def test_refused(self):
        self.server.answers = [(403, {})]
        result = self.ping()
        self.assertFalse(result.is_accepted)
        self.assertIn('secret', result.advice)

    def test_not_reached(self):
        for text, result in (
                ('authority', self.ping(ca_file=None)),
                ('Nothing listens', self.ping(
                    'https://127.0.0.1:%d/' % metrics.free_port())),
                ('name', self.ping('https://no-such-host.invalid/'))):
            self.assertFalse(result.is_accepted)
            self.assertIn(text, result.advice, result)
        self.server.goes_on.clear()
        self.assertIn('firewall', self.ping(timeout=0.3).advice)

    def test_error_that_says_what_to_do(self):
        result = self.ping(networks=['10.0.0.0/8'])
        self.assertIn('webhook_allowed_networks', result.answer)
        self.assertEqual('', result.advice)
        result = self.ping(request_origin='cloud.example.com')
        self.assertIn('WebHook-Allowed-Origin', result.answer)
