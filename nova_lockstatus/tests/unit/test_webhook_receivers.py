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

"""The receivers in contrib, each with real POSTs."""

import os
import pathlib
import shutil
import subprocess
import sys
import time
import uuid

import fixtures

from nova_lockstatus.core import host_event
from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook import delivery
from nova_lockstatus.events.webhook import endpoint
from nova_lockstatus.events.webhook import ping
from nova_lockstatus.events.webhook import standard_webhooks
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.webhook_config import BODY
from nova_lockstatus.tests.fixtures.webhook_config import CHANGE
from nova_lockstatus.tests.fixtures.webhook_config import SERVER
from nova_lockstatus.tests.fixtures.webhook_config import STANDARD_SECRET
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase

FOLDER = pathlib.Path(repository.TOP, 'contrib', 'webhook-receivers')

OTHER_SECRET = 'whsec_' + 'b' * 32


class PythonTestCase(WebhookTestCase):

    def program(self):
        """Return the command line of the receiver, on any port."""
        return [sys.executable, '-I', str(FOLDER / 'python' / 'receiver.py'),
                '0']

    def setUp(self):
        super().setUp()
        self.process = subprocess.Popen(
            self.program(), stdout=subprocess.PIPE, text=True,
            env={**os.environ, 'WEBHOOK_SECRETS':
                 STANDARD_SECRET + ' no-standard'})
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.kill)
        self.port = int(self.line().removeprefix('listening on port '))
        self.servers = [SERVER._replace(uuid=str(uuid.uuid4()))
                        for _ in range(5)]

    def line(self):
        return self.process.stdout.readline().rstrip()

    def webhook(self, secret=STANDARD_SECRET, **options):
        client = self.client('http://127.0.0.1:%d/hook' % self.port,
                             secret=secret, allow_http_to_loopback=True,
                             **options)
        configured, = endpoint.read(self.conf)
        return configured, client

    def deliver(self, change=CHANGE, **options):
        return delivery.Delivery(self.conf, *self.webhook(**options)).post(
            change, self.servers)

    def expected(self, change=CHANGE):
        return ['%s server %s: %s -> %s' % (
            host_event.payload(change, server, False)['changed_at'],
            server.uuid, change.old, change.new) for server in self.servers]

    def test_each_event_once(self):
        for options in ({}, {'batch': 3}, {'batch': 100}):
            self.assertEqual([204] * 5, self.deliver(**options))
        self.assertEqual(self.expected(), [self.line() for _ in range(5)])
        # The next line is of what has not been there yet.
        configured, client = self.webhook()
        self.assertTrue(ping.send(configured, client).is_accepted)
        self.assertEqual(cloudevent.PING_TYPE, self.line())

    def test_several_secrets(self):
        self.assertEqual([204] * 5, self.deliver(secret='no-standard'))
        self.assertEqual([401] * 5, self.deliver(secret=OTHER_SECRET))
        self.assertEqual([204] * 5, self.deliver(
            secret=OTHER_SECRET, previous_secrets=[STANDARD_SECRET]))

    def test_what_is_refused(self):
        configured, client = self.webhook()
        event = cloudevent.make(CHANGE, SERVER, False)
        for headers, status in (
                ({}, 401),
                ({'webhook-id': event['id']}, 401),
                ({'webhook-id': event['id'], 'webhook-timestamp': 'x',
                  'webhook-signature': 'v1,'}, 401)):
            self.assertEqual(status, client.post(
                cloudevent.body(event), headers).status)
        # Signed, and no JSON.
        now = int(time.time())
        self.assertEqual(400, client.post(BODY[1:], standard_webhooks.headers(
            event['id'], now, BODY[1:], configured.secrets)
            | {'Content-Type': cloudevent.CONTENT_TYPE}).status)


class GoTestCase(PythonTestCase):

    def program(self):
        go = shutil.which('go')
        if go is None:
            self.skipTest('There is no Go toolchain (go) in the PATH.')
        folder = self.useFixture(fixtures.TempDir()).path
        built = pathlib.Path(folder, 'receiver')
        assert go is not None
        subprocess.run([go, 'build', '-o', built, '.'], check=True,
                       cwd=FOLDER / 'go', env={
                           **os.environ, 'GOCACHE': folder + '/cache',
                           'GOFLAGS': '-mod=mod', 'GOTOOLCHAIN': 'local'})
        return [str(built), '127.0.0.1:0']
