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

"""Runs the demo as a new user does, and calls it with unmodified clients."""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import fixtures
import testtools

from nova_lockstatus.tests.fixtures import client_base
from nova_lockstatus.tests.fixtures import forks
from nova_lockstatus.tests.fixtures import releases

DEMO = [sys.executable, '-m', 'nova_lockstatus.embedded']

TIMEOUT = 120

OLD_SDK = 'This openstacksdk knows no reasons or asks for no locked servers'

# The SDK asks for the newest microversion that it and Nova know.
SDK = '''
import json
import openstack

compute = openstack.connect().compute
server = compute.find_server('batch-1')
compute.lock_server(server, locked_reason='Inventur \u00fc')
shown = compute.get_server(server)
listed = [found.name for found in compute.servers(is_locked=True)]
compute.unlock_server(server)
print(json.dumps({'locked': shown.is_locked, 'reason': shown.locked_reason,
                  'listed': 'batch-1' in listed and 'web-1' not in listed,
                  'unlocked': compute.get_server(server).is_locked}))
'''


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class DemoTestCase(testtools.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.port = free_port()
        cls.demo = subprocess.Popen(
            [*DEMO, '--port', str(cls.port)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        cls.addClassCleanup(cls.stop)
        alarm = threading.Timer(TIMEOUT, cls.demo.kill)
        alarm.start()
        lines = []
        for line in cls.demo.stdout:
            lines.append(line)
            if 'Ctrl-C' in line:
                break
        alarm.cancel()
        cls.output = ''.join(lines)
        cls.clients = forks.Forks('openstack', client_base.CLIENTS)
        cls.clients.setUp()
        cls.addClassCleanup(cls.clients.cleanUp)

    @classmethod
    def stop(cls):
        cls.demo.send_signal(signal.SIGINT)
        rest, _ = cls.demo.communicate(timeout=TIMEOUT)
        assert cls.demo.returncode == 0, rest

    def table(self):
        """Return the rows of the table by caller and server."""
        rows = [[cell.strip() for cell in line.split('|')[1:-1]]
                for line in self.output.splitlines() if line.startswith('|')]
        titles = rows[0]
        return {tuple(row[:2]): dict(zip(titles, row)) for row in rows[1:]}

    def test_table_shows_the_truth(self):
        table = self.table()
        for caller in ('admin', 'owner', 'reader'):
            for name, lock in (
                    ('web-1', ('false', 'null')),
                    ('db-1', ('true', 'owner')),
                    ('billing-1', ('true', 'admin'))):
                row = table[caller, name]
                self.assertEqual(lock, (row['locked'], row['locked_by']))
            self.assertEqual('unpaid invoice 4711',
                             table[caller, 'billing-1']['locked_reason'])
        for name in ('web-1', 'db-1', 'billing-1'):
            self.assertEqual('not visible', table['other', name]['status'])

    def test_table_shows_an_end_a_level_and_a_project(self):
        table = self.table()
        ending, protected = (table['owner', name]
                             for name in ('mail-1', 'archive-1'))
        self.assertEqual(('true', 'false', 'mailboxes are moved'), tuple(
            ending[key] for key in ('locked', 'delete_protected',
                                    'locked_reason')))
        self.assertRegex(ending['locked_until'], r'^20\d\d-.*Z$')
        self.assertEqual(('false', 'true', 'null'), tuple(
            protected[key] for key in ('locked', 'delete_protected',
                                       'locked_until')))
        for caller in ('admin', 'other'):
            row = table[caller, 'shop-1']
            self.assertEqual(('true', 'admin', 'contract has ended'), tuple(
                row[key] for key in ('locked', 'locked_by',
                                     'locked_reason')))

    def commands(self, program):
        found = [line.strip() for line in self.output.splitlines()
                 if line.strip().startswith(program + ' ')]
        self.assertNotEqual([], found)
        return found

    def run_client(self, cloud='owner', expected=0, **call):
        files = re.search('OS_CLIENT_CONFIG_FILE=(.*)', self.output).group(1)
        run = self.clients.run(env={'OS_CLIENT_CONFIG_FILE': files,
                                    'OS_CLOUD': cloud}, **call)
        self.assertEqual(expected, run.code, run.out + run.err)
        return run.out if expected == 0 else run.err

    def openstack(self, *arguments, **how):
        return self.run_client(program='openstack', argv=arguments, **how)

    def test_printed_openstack_commands_work(self):
        for command in self.commands('openstack'):
            self.openstack(*shlex.split(command)[1:])

    def test_printed_curl_commands_work(self):
        listed = []
        for command in self.commands('curl'):
            arguments = shlex.split(command.split(' | ')[0])[1:]
            headers = dict(
                arguments[index + 1].split(': ')
                for index, argument in enumerate(arguments)
                if argument == '-H')
            data = (arguments[arguments.index('-d') + 1].encode()
                    if '-d' in arguments else None)
            deletes = 'DELETE' in arguments
            request = urllib.request.Request(
                arguments[-1], data=data, headers=headers,
                method='DELETE' if deletes else None)
            if data or deletes:
                error = self.assertRaises(urllib.error.HTTPError,
                                          urllib.request.urlopen, request)
                self.assertEqual(409, error.code)
                self.assertIn(b'is locked', error.read())
            else:
                with urllib.request.urlopen(request) as answer:
                    body = json.load(answer)
                if 'locks' in body:
                    listed.append([lock['locked_reason']
                                   for lock in body['locks']])
                else:
                    self.assertEqual('owner', body['server']['locked_by'])
        of_mail, of_shop, everything = listed
        self.assertEqual((['mailboxes are moved'], ['contract has ended']),
                         (of_mail, of_shop))
        self.assertLessEqual({*of_mail, *of_shop, 'legal hold'},
                             set(everything))

    def test_client_locks_with_a_reason_and_shows_it_at_2_1(self):
        self.openstack('--os-compute-api-version', '2.73', 'server', 'lock',
                       '--reason', 'Umzug ü', 'cache-1')
        shown = json.loads(self.openstack(
            '--os-compute-api-version', '2.1', 'server', 'show', '-f', 'json',
            'cache-1'))
        self.assertTrue(shown['locked'])
        if releases.SDK_KNOWS_REASONS:
            self.assertEqual('Umzug ü', shown['locked_reason'])
        self.assertIn('is locked', self.openstack(
            'server', 'stop', 'billing-1', expected=1))

    @testtools.skipUnless(releases.SDK_KNOWS_REASONS
                          and releases.SDK_ASKS_FOR_LOCKED, OLD_SDK)
    def test_client_lists_what_is_locked(self):
        for version in ('2.73', '2.90'):
            listed = json.loads(self.openstack(
                '--os-compute-api-version', version, 'server', 'list',
                '--locked', '-f', 'json', '-c', 'Name'))
            self.assertIn({'Name': 'billing-1'}, listed)
            self.assertNotIn({'Name': 'web-1'}, listed)

    @testtools.skipUnless(releases.SDK_KNOWS_REASONS, OLD_SDK)
    def test_sdk_locks_with_a_reason_and_lists_what_is_locked(self):
        shown = json.loads(self.run_client(python=SDK))
        self.assertEqual({'locked': True, 'reason': 'Inventur \u00fc',
                          'listed': True, 'unlocked': False}, shown)

    def test_another_project_sees_its_own_server_alone(self):
        listed = json.loads(self.openstack(
            'server', 'list', '-f', 'json', cloud='other'))
        self.assertEqual(['shop-1'], [server['Name'] for server in listed])

    def test_locked_project_gets_no_new_server(self):
        flavor, image = re.search(
            r'--flavor (\S+) --image (\S+)', self.output).groups()
        self.assertIn('is locked', self.openstack(
            '--os-compute-api-version', '2.37', 'server', 'create',
            '--flavor', flavor, '--image', image, '--nic', 'none', 'new',
            cloud='other', expected=1))

    def test_port_in_use(self):
        run = subprocess.run([*DEMO, '--port', str(self.port)],
                             capture_output=True, text=True)
        self.assertNotEqual(0, run.returncode)
        self.assertNotIn('Traceback', run.stderr)
        self.assertIn(str(self.port), run.stderr)


class StateDirTestCase(testtools.TestCase):

    def test_database_is_kept(self):
        folder = self.useFixture(fixtures.TempDir()).path
        tables = []
        for _ in range(2):
            run = subprocess.run(
                [*DEMO, '--once', '--port', str(free_port()),
                 '--state-dir', folder],
                capture_output=True, text=True)
            self.assertEqual(0, run.returncode, run.stderr)
            tables.append([line for line in run.stdout.splitlines()
                           if line.startswith('|')])
            booted = 'Booting' in run.stdout
        self.assertEqual(*tables)
        self.assertFalse(booted)
