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

"""The examples in the documentation of the notifications."""

import contextlib
import importlib.util
import io
import json
import pathlib
import sys
import threading
import time
import types

import fixtures
import testtools

from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.webhook_config import BODY
from nova_lockstatus.tests.fixtures.webhook_config import CHANGE
from nova_lockstatus.tests.fixtures.webhook_config import SECRET
from nova_lockstatus.tests.fixtures.webhook_config import SERVER
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase


class ListenTestCase(testtools.TestCase):

    def test_each_announcement_is_printed_once(self):
        spec = importlib.util.spec_from_file_location(
            'listen',
            repository.DOC / 'source' / 'notifications' / 'listen.py')
        assert spec is not None and spec.loader is not None
        listen = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(listen)
        endpoint = listen.HostStatus()
        sample = json.loads((repository.NOTIFICATION_SAMPLES /
                             'lockstatus-host_status-update.json').read_text())
        self.assertTrue(endpoint.filter_rule.match(
            {}, sample['publisher_id'], sample['event_type'], {}, {}))
        self.assertFalse(endpoint.filter_rule.match(
            {}, sample['publisher_id'], 'lockstatus.lock', {}, {}))
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            for method in (endpoint.error, endpoint.info):
                method({}, sample['publisher_id'], sample['event_type'],
                       sample['payload'], {})
        self.assertEqual(
            '2026-11-21T12:00:00Z server 9168b536-cd40-4630-b43f-b259807c6e87 '
            'of project d3300000000000000000000000000001: UP -> DOWN\n',
            output.getvalue())

    def test_host_is_null_or_not_there_as_documented(self):
        hosts = {
            name: json.loads((repository.NOTIFICATION_SAMPLES / name)
                             .read_text())
            for name in ('lockstatus-host_status-update.json',
                         'compute-instance-host_status.json',
                         'webhook-host_status.json')}
        versioned, unversioned, event = hosts.values()
        data = versioned['payload']['nova_object.data']
        self.assertIsNone(data['host'])
        self.assertNotIn('host', unversioned['payload'])
        self.assertNotIn('host', event['data'])
        text = ' '.join((repository.DOC / 'source' / 'notifications' /
                         'index.rst').read_text().split())
        self.assertIn('``host`` is ``null`` in the versioned form', text)
        self.assertIn('is not there in the unversioned form and in the events '
                      'of webhooks', text)

    def test_traits_are_in_the_payload(self):
        payload = json.loads(
            (repository.NOTIFICATION_SAMPLES /
             'compute-instance-host_status.json').read_text())['payload']
        text = (repository.DOC / 'source' / 'notifications' /
                'host-status.yaml').read_text()
        names = [line.partition('payload.')[2]
                 for line in text.splitlines() if 'payload.' in line]
        self.assertEqual(
            ['host_status', 'old_host_status', 'changed_at', 'id'], names)
        self.assertEqual(set(), set(names) - set(payload))


class ExampleTestCase(WebhookTestCase):
    """The example of who receives events."""

    def setUp(self):
        super().setUp()
        path = pathlib.Path(repository.DOC, 'source',
                            'notifications', 'receive.py')
        spec = importlib.util.spec_from_file_location('receive', path)
        assert spec is not None and spec.loader is not None
        self.receive: types.ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.receive)

    def test_signatures(self):
        signature = cloudevent.sign(BODY, SECRET, 1000)
        for header, body, secret, now, genuine in (
                (signature, BODY, SECRET, 1000, True),
                (signature, BODY, SECRET, 1300, True),
                (signature, BODY, SECRET, 1301, False),
                (signature, BODY, SECRET, 699, False),
                (signature, BODY + b' ', SECRET, 1000, False),
                (signature, BODY, 'other', 1000, False),
                (signature.replace('t=1000', 't=1001'), BODY, SECRET, 1001,
                 False),
                ('', BODY, SECRET, 1000, False),
                ('v1', BODY, SECRET, 1000, False),
                ('t=1000,v1=\u00e9', BODY, SECRET, 1000, False)):
            self.assertEqual(genuine, self.receive.is_genuine(
                header, body, secret, now), (header, now))

    def test_receives(self):
        server = self.receive.http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), self.receive.Receiver)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,),
                                  daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        client = self.client(
            'http://127.0.0.1:%d/' % server.server_address[1],
            allow_http_to_loopback=True)
        body = cloudevent.body(cloudevent.make(CHANGE, SERVER, False))
        output = io.StringIO()
        self.useFixture(fixtures.MonkeyPatch('sys.argv', ['receive', SECRET]))
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', io.StringIO()))
        with contextlib.redirect_stdout(output):
            statuses = [client.post(body, {
                cloudevent.SIGNATURE: cloudevent.sign(
                    body, secret, int(time.time()))
            }).status for secret in (SECRET, SECRET, 'other')]
        self.assertEqual([204, 204, 403], statuses)
        self.assertEqual(
            '2026-11-21T12:00:00Z server 9168b536-cd40-4630-b43f-b259807c6e87:'
            ' UP -> DOWN\n', output.getvalue())
        self.assertIn('403', sys.stderr.getvalue())
