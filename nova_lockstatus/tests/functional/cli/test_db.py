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

"""``nova-lockstatus db sync`` as operators run it."""

import pathlib
import subprocess
import sys

from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import programs
from nova_lockstatus.tests.fixtures.watch_process_case import ProcessTestCase
from nova_lockstatus.tests.fixtures.watch_process_case import StoreTestCase


class SyncTestCase(StoreTestCase):

    def test_once_and_again(self):
        self.assertEqual(
            (0, '%s is at version 0006 now.\n' % self.url, ''), self.sync())
        self.assertEqual(
            (0, '%s is at version 0006 already.\n' % self.url, ''),
            self.sync())

    def test_several_at_once(self):
        program = pathlib.Path(sys.executable).with_name('nova-lockstatus')
        running = [subprocess.Popen(
            [program, 'db', 'sync', '--config-file', self.config],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(3)]
        done = [(*process.communicate(timeout=300), process.returncode)
                for process in running]
        self.assertEqual([0] * 3, [code for _out, _err, code in done], done)
        self.assertEqual(1, sum(' now.' in out for out, _err, _code in done))

    def test_files_of_the_environment(self):
        config = pathlib.Path(self.config)
        done = programs.run(
            'nova-lockstatus', 'db', 'sync', env={
                'OS_NOVA_CONFIG_DIR': str(config.parent),
                'OS_NOVA_CONFIG_FILES': 'api-paste.ini;' + config.name})
        self.assertEqual(
            (0, '%s is at version 0006 now.\n' % self.url, ''),
            (done.code, done.out, done.err))

    def test_mistakes(self):
        self.configure('report', 'sqlite:////no/such/folder/x')
        self.assertEqual(
            (1, '', 'The database that [lockstatus]connection names cannot be '
             'used: (sqlite3.OperationalError) unable to open database '
             'file.\n'), self.sync())
        ProcessTestCase.configure(self, 'report')
        self.assertEqual(
            (1, '', '[lockstatus]connection is not set: it names the database '
             'that nova-lockstatus keeps its own records in.\n'),
            self.sync())
        code, out, err = self.sync('--config-file', '/no.conf')
        self.assertEqual((1, ''), (code, out))
        self.assertRegex(err, '^The configuration of Nova cannot be read: .*'
                         r'/no.conf.\n$')

    def test_webhook_that_cannot_work(self):
        with open(self.config, 'a') as config:
            config.write('[lockstatus]\nwebhooks = acme\n'
                         '[lockstatus_webhook_acme]\n'
                         'project_id = p1\nsecret = not-told\n'
                         'url = https://127.0.0.1/\n')
        code, out, err = self.sync()
        self.assertEqual(0, code)
        self.assertIn('is at version', out)
        self.assertRegex(err, '^Warning: The webhook acme .* 127.0.0.1.*'
                         r'\[lockstatus\]webhook_allowed_networks.*\n$')

    def test_mistyped(self):
        """Each says the same, in one line."""
        for url, problem in (
                ('mysql+pymysql://me:secret@127.0.0.1',
                 'it names no database after the host'),
                ('mysql+pymysql://me:secret@127.0.0.1/x?read_timeout=abc',
                 'the driver does not take the parameter read_timeout '
                 "(invalid literal for int() with base 10: 'abc')"),
                ('mysql+pymysql://me:se$cret@127.0.0.1/x',
                 'a dollar sign in it begins the name of an option: write $$ '
                 'for a dollar sign')):
            self.configure('report', url)
            text = '[lockstatus]connection cannot be used: %s.' % problem
            self.assertEqual((1, '', text + '\n'), self.sync())
            self.assertEqual((2, text), self.check())
            process = self.start()
            self.assertEqual(1, process.wait(60))
            line, = [line for line in self.log.read_text().splitlines()
                     if '[lockstatus]connection' in line]
            self.assertIn(text, line)

    def test_newer_tables(self):
        self.sync()
        with self.store().connect() as connection:
            connection.exec_driver_sql(
                "UPDATE lockstatus_alembic_version SET version_num = '9999'")
        text = (
            'The tables in the database that [lockstatus]connection names are '
            'those of a newer nova-lockstatus (9999, and this one knows '
            '0006): upgrade nova-lockstatus here, too.')
        self.assertEqual((1, '', text + '\n'), self.sync())
        self.assertEqual((2, text), self.check())

    def test_documentation(self):
        found = commands.documented('nova-lockstatus db')
        self.assertNotEqual([], found)
        for words in found:
            self.assertEqual(['nova-lockstatus', 'db', 'sync'], words[:3])
            code, out, err = self.sync('--config-file', self.config, *(
                word.replace('/etc/nova', self.folder) for word in words[3:]))
            self.assertEqual((0, ''), (code, err))
            self.assertIn('is at version', out)
