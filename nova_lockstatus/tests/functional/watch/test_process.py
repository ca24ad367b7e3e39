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

"""nova-lockstatus-watch as operators run it, over databases in files."""

import contextlib
import datetime
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time
import uuid

import fixtures
import testtools

from nova_lockstatus.tests.fixtures import empty_databases

CONFIG = empty_databases.CONFIG + """\
[lockstatus]
guard = %(guard)s
guard_interval = 1
"""

PROGRAM = pathlib.Path(sys.executable).with_name('nova-lockstatus-watch')


class ProcessTestCase(testtools.TestCase):
    """What tests of the process share."""

    def setUp(self):
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.config = self.folder + '/nova.conf'
        self.log = pathlib.Path(self.folder, 'watch.log')
        self.configure('report')

    def configure(self, guard):
        with open(self.config, 'w') as config:
            config.write(CONFIG % {
                'folder': self.folder, 'cell': 'cell', 'guard': guard})

    def make_databases(self):
        empty_databases.copy_to(self.folder, {'cell1': 'cell.sqlite'})

    def insert(self, table, **values):
        path = self.folder + '/cell.sqlite'
        with contextlib.closing(sqlite3.connect(path)) as database:
            with database:
                database.execute('INSERT INTO %s (%s) VALUES (%s)' % (
                    table, ', '.join(values), ', '.join('?' * len(values))),
                    list(values.values()))

    def insert_host(self):
        self.insert('services', host='compute1', binary='nova-compute',
                    topic='compute', report_count=1, disabled=0, deleted=0,
                    forced_down=0, version=60, last_seen_up=str(
                        datetime.datetime.utcnow()
                        + datetime.timedelta(seconds=30)))

    def insert_server(self):
        server_id = str(uuid.uuid4())
        self.insert('instances', uuid=server_id, host='compute1',
                    vm_state='suspended', power_state=1, locked=1,
                    locked_by='admin', deleted=0)
        return server_id

    def start(self, *arguments):
        with open(self.log, 'w') as output:
            process = subprocess.Popen(
                [PROGRAM, '--config-file', self.config, *arguments],
                stdout=output, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, text, times=1):
        deadline = time.monotonic() + 60
        while self.log.read_text().count(text) < times:
            self.assertLess(time.monotonic(), deadline, self.log.read_text())
            time.sleep(0.1)

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(30), self.log.read_text())
        self.assertIn('nova-lockstatus-watch is stopped',
                      self.log.read_text())


class WatchProcessTestCase(ProcessTestCase):

    def test_finds_goes_on_after_sighup_and_ends(self):
        self.make_databases()
        self.insert_host()
        server_id = self.insert_server()
        process = self.start()
        self.wait_for('nova-lockstatus-watch is running: guard every 1 s, '
                      'guard probe is off')
        found = 'The server %s is locked and should be suspended, but runs'
        self.wait_for(found % server_id)
        self.configure('off')
        process.send_signal(signal.SIGHUP)
        self.wait_for('nova-lockstatus-watch is running: guard is off')
        self.assertIsNone(process.poll())
        self.stop(process)
        self.assertNotIn('Traceback', self.log.read_text())

    def test_database_that_is_away(self):
        """The service waits for it, and stops all the same."""
        process = self.start()
        self.wait_for('guard: the cells cannot be read')
        self.stop(process)

    def test_wrong_option(self):
        self.configure('maybe')
        self.assertNotEqual(0, self.start().wait(60))
        self.assertIn('maybe', self.log.read_text())

    def test_wrong_webhook(self):
        with open(self.config, 'a') as config:
            config.write('webhooks = acme\n[lockstatus_webhook_acme]\n'
                         'project_id = p1\nsecret = not-told\n'
                         'url = http://hooks.example.com/\n')
        self.assertEqual(1, self.start().wait(60))
        lines = [line for line in self.log.read_text().splitlines()
                 if ' ERROR ' in line]
        self.assertEqual(1, len(lines), lines)
        self.assertIn("The webhook 'acme' cannot be used: "
                      '[lockstatus_webhook_acme]url does not begin with '
                      'https://.', lines[0])
        self.assertNotIn('not-told', self.log.read_text())

    def test_help(self):
        self.assertEqual(0, self.start('--help').wait(60))
        self.assertIn('--config-file', self.log.read_text())
