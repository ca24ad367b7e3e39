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

"""``nova-lockstatus webhook`` as operators run it."""

import datetime
import json
import uuid

from nova_lockstatus.core import host_event
from nova_lockstatus.db import outbox
from nova_lockstatus.db import webhook_history
from nova_lockstatus.db import webhook_state
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import programs
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fixtures import webhook_server
from nova_lockstatus.tests.fixtures.watch_process_case import StoreTestCase
from nova_lockstatus.watch import webhook_relay

SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'


class WebhookTestCase(StoreTestCase):

    def setUp(self):
        super().setUp()
        self.server = self.useFixture(webhook_server.WebhookServer())
        self.append('[lockstatus]\nwebhooks = acme, other\n'
                    'webhook_allowed_networks = 127.0.0.0/8\n')
        for number, name in enumerate(('acme', 'other')):
            self.append(
                '[lockstatus_webhook_%s]\nproject_id = p%d\nsecret = %s\n'
                'url = %s\nallow_http_to_loopback = true\nbatch = 2\n' % (
                    name, number, SECRET, self.server.url('127.0.0.1')))
        self.sync()
        self.opened = store_databases.open_store(self, self.url)

    def append(self, text):
        with open(self.config, 'a') as config:
            config.write(text)

    def run_webhook(self, *words):
        done = programs.run('nova-lockstatus', 'webhook', *words,
                            '--config-file', self.config)
        return done.code, done.out, done.err

    def list(self):
        code, out, err = self.run_webhook('list', '-f', 'json')
        self.assertEqual((0, ''), (code, err))
        return {row['name']: row for row in json.loads(out)}

    def switch_off(self):
        """Record what the watch records at an answer of 410."""
        conf = store_databases.configure(self.url)
        conf([], project='nova', default_config_files=[self.config],
             default_config_dirs=[])
        digest = webhook_relay.make_clients(conf)[0][0].url_digest
        webhook_state.switch_off(self.opened, 'acme', digest)

    def test_list(self):
        for host, sink in (('compute1', 'acme'), ('compute2', 'acme'),
                           ('compute3', 'former')):
            outbox.record(self.opened, host_event.StatusChange(
                id=str(uuid.uuid4()), cell='cell1', host=host, old='UP',
                new='DOWN', changed_at=datetime.datetime(
                    2026, 11, 30, 8, tzinfo=datetime.timezone.utc)),
                ['webhook:' + sink, 'notifications'])
        webhook_state.record_answer(self.opened, 'acme', 'HTTP 204')
        webhook_history.record(self.opened, 'acme', 204, ['{}'] * 3)
        rows = self.list()
        self.assertEqual(['acme', 'other', 'former'], list(rows))
        answered_at = rows['acme'].pop('answered_at')
        self.assertRegex(answered_at, '^20.*Z$')
        self.assertEqual({
            'name': 'acme', 'project_id': 'p0', 'state': 'on', 'waiting': 2,
            'oldest': '2026-11-30T08:00:00Z', 'last_answer': 'HTTP 204',
            'kept': 3}, rows['acme'])
        self.assertEqual({
            'name': 'other', 'project_id': 'p1', 'state': 'on', 'waiting': 0,
            'oldest': '', 'last_answer': '', 'answered_at': '', 'kept': 0},
            rows['other'])
        self.assertEqual(('not configured', 1), (
            rows['former']['state'], rows['former']['waiting']))

    def test_off_and_on(self):
        self.assertEqual((0, 'The webhook acme is on already.\n', ''),
                         self.run_webhook('enable', 'acme'))
        self.switch_off()
        self.assertRegex(self.list()['acme']['state'],
                         '^off since 20.*Z: 410 Gone$')
        code, out, err = self.run_webhook('replay', 'acme', '--since', '1h')
        self.assertEqual((1, ''), (code, out))
        self.assertIn('nova-lockstatus webhook enable acme', err)
        code, out, _err = self.run_webhook('test', 'acme')
        self.assertEqual(0, code)
        self.assertIn('nova-lockstatus webhook enable acme', out)
        self.assertEqual((0, 'The webhook acme is on again.\n', ''),
                         self.run_webhook('enable', 'acme'))
        self.assertEqual('on', self.list()['acme']['state'])

    def test_off_until_the_url_changes(self):
        self.switch_off()
        self.append('[lockstatus_webhook_acme]\nurl = %s\n'
                    % self.server.url('127.0.0.1', '/new'))
        self.assertEqual('on', self.list()['acme']['state'])

    def test_ping(self):
        code, out, err = self.run_webhook('test', 'acme')
        self.assertEqual((0, ''), (code, err))
        self.assertRegex(
            out, '^POST to 127.0.0.1:[0-9]+\nAnswer: HTTP 204 after .* s\n'
            'The receiver has taken it.\n$')
        self.server.answers = [(403, {})]
        code, out, err = self.run_webhook('test', 'acme')
        self.assertEqual((1, ''), (code, err))
        self.assertRegex(out, 'Answer: HTTP 403 .*\nThe receiver refuses the '
                              'signature')
        event, _event = self.server.events()
        self.assertEqual('org.openstack.nova.lockstatus.ping', event['type'])
        # None of that is recorded.
        self.assertEqual('', self.list()['acme']['last_answer'])

    def test_replay(self):
        events = [{'id': str(uuid.uuid4())} for _ in range(5)]
        webhook_history.record(self.opened, 'acme', 204, [
            json.dumps(event) for event in events])
        webhook_history.record(self.opened, 'other', 204, ['{}'])
        code, out, err = self.run_webhook('replay', 'acme', '--since', '1h')
        self.assertEqual((0, ''), (code, err))
        self.assertRegex(out, '^5 events were taken, 0 refused.\nThe last one '
                              'was first posted at 20.*Z.\n$')
        self.assertEqual(events, self.server.events())
        self.assertEqual(3, len(self.server.requests))
        later = datetime.datetime.now(
            datetime.timezone.utc) + datetime.timedelta(hours=1)
        self.assertEqual(
            (0, '0 events were taken, 0 refused.\n', ''), self.run_webhook(
                'replay', 'acme', '--since', later.isoformat()))
        self.server.answers = [(204, {}), (400, {})]
        code, out, _err = self.run_webhook('replay', 'acme', '--since', '1h')
        self.assertEqual(1, code)
        self.assertIn('3 events were taken, 2 refused.', out)

    def test_mistakes(self):
        self.assertEqual(
            (1, '', "'acm' is no webhook of [lockstatus]webhooks, which has: "
             'acme, other.\n'), self.run_webhook('test', 'acm'))
        code, out, err = self.run_webhook('replay', 'acme', '--since', 'noon')
        self.assertEqual((2, ''), (code, out))
        self.assertIn("'noon' is neither an age", err)
        self.server.answers = [(410, {})]
        webhook_history.record(self.opened, 'acme', 204, [
            json.dumps({'id': str(uuid.uuid4())})])
        code, out, err = self.run_webhook('replay', 'acme', '--since', '1h')
        self.assertEqual((1, '0 events were taken, 0 refused.\n'),
                         (code, out))
        self.assertEqual('The event was answered with the status 410.\n', err)

    def test_documentation(self):
        found = commands.documented('nova-lockstatus webhook')
        self.assertEqual(
            {'list', 'test', 'replay', 'enable'},
            {words[2] for words in found})
        for words in found:
            code, _out, err = self.run_webhook(*words[2:])
            self.assertEqual((0, ''), (code, err))
