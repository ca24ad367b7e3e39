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

"""Events as Standard Webhooks 1.0.0 has them, read by its library."""

import base64
import contextlib
import datetime
import json
import time
from unittest import mock

import fixtures
import standardwebhooks

from nova_lockstatus.conf import webhooks as options
from nova_lockstatus.db import clock
from nova_lockstatus.events.webhook import retry_delays
from nova_lockstatus.tests.fixtures.webhook_case import WebhooksTestCase

OLD, NEW = ('whsec_' + base64.b64encode(character * 32).decode()
            for character in (b'o', b'n'))


class SignatureTestCase(WebhooksTestCase):

    def verify(self, secret, request):
        """Read a request as its receiver does."""
        _path, headers, body = request
        return standardwebhooks.Webhook(secret).verify(body, dict(headers))

    def test_library_reads_events(self):
        self.set(options.group('acme'), secret=NEW, previous_secrets=[OLD])
        self.put('compute1', forced_down=True)
        self.deliver()
        request, = self.servers['acme'].requests
        for secret in (NEW, OLD):
            event = self.verify(secret, request)
            self.assertEqual('DOWN', event['data']['host_status'])
            self.assertEqual(event['id'], request[1]['webhook-id'])
        # The one whose secret has no form is verified by its bytes.
        request, = self.servers['other'].requests
        self.verify(b's-other', request)
        self.assertRaises(standardwebhooks.WebhookVerificationError,
                          self.verify, NEW, request)

    def test_same_id_and_a_new_time_at_each_try(self):
        self.set(options.group('acme'), secret=NEW)
        acme = self.servers['acme']
        acme.answers = [(500, {})]
        self.put('compute1', forced_down=True)
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.webhook.retry_delays.QUICK_SECONDS', 0.5))
        later = time.time() + 1
        task = self.webhook('acme')
        task.run(self.watch.stop)
        time.sleep(max(0, later - time.time()))
        self.run_until_delivered(task, 'acme')
        self.assertEqual(1, len({headers['webhook-id']
                                 for _, headers, _ in acme.requests}))
        self.assertEqual(2, len({headers['webhook-timestamp']
                                 for _, headers, _ in acme.requests}))
        for request in acme.requests:
            self.verify(NEW, request)


class ConsentTestCase(WebhooksTestCase):

    def test_events_wait_for_the_consent(self):
        self.set(options.group('acme'), request_origin='cloud.example.com')
        acme = self.servers['acme']
        self.put('compute1', forced_down=True)
        task = self.webhook('acme')
        task.run(self.watch.stop)
        self.assertEqual(([], 1), (acme.requests, self.waits('acme')))
        self.assertEqual(1, self.count_logged(
            'It does not allow events of cloud.example.com'))
        acme.allowed_origin = 'cloud.example.com'
        self.run_until_delivered(task, 'acme')
        self.assertEqual([('s1', 'UP', 'DOWN')], self.events('acme'))
        self.assertEqual({'cloud.example.com'}, set(acme.asked))


class StandardRetriesTestCase(WebhooksTestCase):

    def setUp(self):
        super().setUp()
        self.passed = 0
        now, monotonic = clock.now, time.monotonic
        for target, name, replacement in (
                (clock, 'now', lambda: now() + datetime.timedelta(
                    seconds=self.passed)),
                (time, 'monotonic', lambda: monotonic() + self.passed)):
            patch = mock.patch.object(target, name, replacement)
            patch.start()
            self.addCleanup(patch.stop)

    def test_lifetime_that_is_too_short(self):
        self.set(options.group('acme'), retries='standard')
        for give_up, times in ((3600, 1), (280000, 0)):
            with self.logged_times(
                    'The webhook acme has retries = standard', times):
                self.set('lockstatus', webhook_give_up=give_up)
                self.webhook('acme').run(self.watch.stop)

    @contextlib.contextmanager
    def logged_times(self, text, times):
        before = self.count_logged(text)
        yield
        self.assertEqual(times, self.count_logged(text) - before)

    def test_receiver_that_is_off_for_a_day(self):
        self.set(options.group('acme'), retries='standard')
        self.set('lockstatus', webhook_give_up=280000)
        acme = self.servers['acme']
        acme.answers = [(503, {})] * 1000
        for host in ('compute1', 'compute2'):
            for forced_down in (True, False):
                self.put(host, forced_down=forced_down)
        self.wait()
        task = self.webhook('acme')
        while self.passed < 24 * 3600:
            task.run(self.watch.stop)
            self.passed += 300
        tries = len(acme.requests)
        # At once, and those of the schedule until the next is too late.
        starts = [sum(retry_delays.STANDARD_SECONDS[:count])
                  for count in range(len(retry_delays.STANDARD_SECONDS))]
        self.assertEqual(sum(start < 24 * 3600 for start in starts), tries)
        acme.answers = []
        while self.waits('acme') and self.passed < 48 * 3600:
            task.run(self.watch.stop)
            self.passed += 300
        told = [json.loads(body)['id']
                for _, _, body in acme.requests[tries:]]
        self.assertEqual((4, 4), (len(told), len(set(told))))
        events = self.events('acme')[tries:]
        for server in ('s1', 's2'):
            self.assertEqual(
                [(server, 'UP', 'DOWN'), (server, 'DOWN', 'UP')],
                [event for event in events if event[0] == server])
