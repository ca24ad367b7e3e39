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

"""nova-lockstatus report as operators run it, over databases in files."""

import csv
import datetime
import io
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile

import testtools

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures import locked_databases
from nova_lockstatus.tests.fixtures import programs

PROGRAM = pathlib.Path(sys.executable).with_name('nova-lockstatus')

MANY = 5200

# What reading takes of memory and statements, in pieces of 200 servers.
MEASURE = """
import gc, json, sys, tracemalloc
from sqlalchemy import engine, event
from nova_lockstatus.cli import nova_config
nova_config.load([sys.argv[1]], [])
from nova_lockstatus.cli import report_formats
from nova_lockstatus.core import locked_server
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import locked_servers
from nova_lockstatus.utils import prefetch
locked_servers.PAGE_SIZE = 200
cell, = [cell for cell in cells.list_all() if cell.name == 'two']
statements = []
event.listen(engine.Engine, 'before_cursor_execute',
             lambda connection, cursor, statement, *_: statements.append(1)
             if 'FROM' in statement else None)

def measure(**filters):
    for _first_makes_caches in range(2):
        del statements[:]
        tracemalloc.start()
        servers = 0
        with open('/dev/null', 'w') as target:
            writer = report_formats.Table(target, locked_server.COLUMNS)
            for page in prefetch.prefetch(lambda: locked_servers.read(
                    cell, locked_server.LockedServerFilter(**filters)), 60):
                servers += len(page)
                writer.write(page)
                # What is garbage by now is not what is held.
                gc.collect()
            writer.close()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return {'servers': servers, 'peak': peak, 'statements': len(statements)}

print(json.dumps([measure(project_id='few'), measure()]))
"""


def ends(locked_by, reason, year):
    """Return the row that has the end of a lock."""
    rows = lock_rows.rows([lock_record.LockRecord(
        id='l', scope='server', scope_id='s', level='change',
        locked_by=locked_by, user_id='u', project_id='p', reason=reason,
        origin=None, since=datetime.datetime(2020, 1, 1),
        until=datetime.datetime(year, 12, 24, 8))])
    return {lock_rows.SUMMARY_KEY: rows[lock_rows.SUMMARY_KEY]}


class ReportTestCase(testtools.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.databases = locked_databases.Databases(folder.name)
        cls.fill_one(cls.databases)
        cls.fill_two(cls.databases)

    @staticmethod
    def fill_one(databases):
        for host, values in (
                ('compute1', {}), ('compute2', {'disabled': 1}),
                ('compute3', {'last_seen_up': locked_databases.ago(1)}),
                # Such a record counts no more.
                ('compute1', {'forced_down': 1, 'deleted': 9})):
            databases.insert_service('one', host, **values)
        databases.insert_server('one', 'admin', display_name='billing')
        databases.insert_metadata('one', 'admin', boot_roles='member',
                                  locked_reason='unpaid invoice 4711')
        databases.insert_history(
            'one', 'admin', ('create', 'u0', 41), ('lock', 'u1', 40),
            ('unlock', 'u2', 39), ('lock', 'u3', 35), ('stop', 'u4', 20),
            ('lock', 'u5', 10))
        databases.insert_server('one', 'owner', project_id='p2',
                                host='compute2', locked_by='owner')
        databases.insert_metadata(
            'one', 'owner', **ends('owner', None, 2130))
        databases.insert_history('one', 'owner', ('lock', 'u6', 1))
        databases.insert_server('one', 'wide', host='compute3', hidden=None)
        databases.insert_metadata('one', 'wide', **lock_reason.rows(
            '\U0001f512 closed', wide=False), **ends(
                'admin', '\U0001f512 closed', 2020))
        databases.insert_server('one', 'nowhere', host=None,
                                display_name='x\x1b[2J')
        databases.insert_metadata('one', 'nowhere',
                                  **ends('admin', 'another', 2020))
        for uuid, values in (('unlocked', {'locked': 0, 'locked_by': None}),
                             ('deleted', {'deleted': 7}),
                             ('moved', {'hidden': 1})):
            databases.insert_server('one', uuid, **values)

    @staticmethod
    def fill_two(databases):
        databases.insert_service('two', 'compute1', forced_down=1)
        servers = ['many-%d' % number for number in range(MANY)]
        databases.insert('two', 'instances', *(
            {'uuid': uuid, 'display_name': uuid, 'host': 'compute1',
             'project_id': 'many' if number % 10 else 'few', 'locked': 1,
             'locked_by': 'owner', 'deleted': 0}
            for number, uuid in enumerate(servers)))
        databases.insert('two', 'instance_system_metadata', *(
            {'instance_uuid': uuid, 'key': 'locked_reason',
             'value': 'reason of ' + uuid, 'deleted': 0}
            for uuid in servers))
        databases.insert('two', 'instance_actions', *(
            {'instance_uuid': uuid, 'action': action, 'user_id': uuid,
             'start_time': locked_databases.ago(2), 'deleted': 0}
            for uuid in servers
            for action in ('lock', 'unlock', 'lock')))

    def run_report(self, *arguments):
        return programs.run('nova-lockstatus', 'report', '--config-file',
                            self.databases.config, *arguments)

    def read(self, *arguments, err=''):
        done = self.run_report('-f', 'json', *arguments)
        self.assertEqual((0, err), (done.code, done.err))
        return {server.pop('id'): server
                for server in json.loads(done.out)}

    def test_all_cells(self):
        servers = self.read()
        self.assertEqual(MANY + 4, len(servers))
        self.assertEqual(
            {'name': 'billing', 'project_id': 'p1', 'host': 'compute1',
             'locked_by': 'admin', 'locked_reason': 'unpaid invoice 4711',
             'locked_at': api_time(35), 'locked_by_user_id': 'u5',
             'host_status': 'UP', 'cell': 'one', 'locked_until': None,
             'expired': False}, servers['admin'])
        self.assertEqual(
            ('owner', None, api_time(1), 'u6', 'MAINTENANCE'),
            tuple(servers['owner'][key] for key in (
                'locked_by', 'locked_reason', 'locked_at',
                'locked_by_user_id', 'host_status')))
        self.assertEqual(
            ('\U0001f512 closed', None, None, 'UNKNOWN'),
            tuple(servers['wide'][key] for key in (
                'locked_reason', 'locked_at', 'locked_by_user_id',
                'host_status')))
        self.assertEqual((None, ''), (servers['nowhere']['host'],
                                      servers['nowhere']['host_status']))
        # A host of the same name in another cell is another host.
        for number in range(MANY):
            uuid = 'many-%d' % number
            self.assertEqual(
                (uuid, 'reason of ' + uuid, api_time(2), uuid, 'DOWN', 'two'),
                tuple(servers[uuid][key] for key in (
                    'name', 'locked_reason', 'locked_at',
                    'locked_by_user_id', 'host_status', 'cell')))

    def test_ends(self):
        self.assertEqual(
            {'owner': ('2130-12-24T08:00:00Z', False),
             'wide': ('2020-12-24T08:00:00Z', True),
             # Another lock is in force since.
             'nowhere': (None, False)},
            {uuid: (server['locked_until'], server['expired'])
             for uuid, server in self.read().items()
             if uuid in ('owner', 'wide', 'nowhere')})

    def test_filters(self):
        for arguments, expected in (
                (['--project', 'p2'], {'owner'}),
                (['--host', 'compute3'], {'wide'}),
                (['--locked-by', 'admin'], {'admin', 'wide', 'nowhere'}),
                (['--older-than', '30d'], {'admin'}),
                (['--expired'], {'wide'}),
                (['--reason-matches', '^unpaid .*[0-9]$'], {'admin'}),
                (['--reason-matches', 'many-51(0|9.)$'],
                 {'many-510'} | {'many-519%d' % one for one in range(10)}),
                (['--older-than', '12h', '--project', 'p2'], {'owner'})):
            self.assertEqual(expected, set(self.read(*arguments)), arguments)

    def test_no_server(self):
        self.databases.insert_server('two', 'free', project_id='p3',
                                     host='compute9', locked=0,
                                     locked_by=None)
        no_project = ("The report is empty. No cell has a server of the "
                      "project 'nosuch'. Is that the id of a project?\n")
        none_fits = 'The report is empty. No locked server fits the filters.\n'
        for arguments, problem in (
                (['--project', 'nosuch'], no_project),
                (['--project', 'nosuch', '--host', 'compute1'], no_project),
                (['--host', 'nosuch'],
                 "The report is empty. No cell has a server on the host "
                 "'nosuch'.\n"),
                (['--project', 'p3'], none_fits),
                (['--host', 'compute9'], none_fits),
                (['--locked-by', 'owner', '--project', 'p1'], none_fits),
                (['--older-than', '25h', '--project', 'p2'], none_fits),
                (['--older-than', '999w'], none_fits),
                (['--reason-matches', 'nosuch'], none_fits)):
            self.assertEqual({}, self.read(*arguments, err=problem),
                             arguments)

    def test_csv(self):
        done = self.run_report('--format', 'csv', '-c', 'id', '-c', 'cell')
        self.assertEqual((0, ''), (done.code, done.err))
        rows = list(csv.reader(io.StringIO(done.out)))
        self.assertEqual(['id', 'cell'], rows[0])
        self.assertEqual(MANY + 4, len({tuple(row) for row in rows[1:]}))

    def test_table(self):
        done = self.run_report('--project', 'p1', '-c', 'id', '-c', 'name')
        self.assertEqual(
            (0, '', '+---------+----------+\n'
                    '| id      | name     |\n'
                    '+---------+----------+\n'
                    '| admin   | billing  |\n'
                    '| wide    | server   |\n'
                    '| nowhere | x\\x1b[2J |\n'
                    '+---------+----------+\n'),
            (done.code, done.err, done.out))

    def test_cell_that_is_down(self):
        self.databases.insert_cell('a-gone', 'sqlite:////no/such/file')
        self.addCleanup(self.databases.delete_cell, 'a-gone')
        done = self.run_report('-f', 'json', '--cell-timeout', '5')
        self.assertEqual(1, done.code)
        self.assertEqual(MANY + 4, len(json.loads(done.out)))
        self.assertRegex(
            done.err, r'^The report lacks servers of the cell a-gone '
            r'\(.*\), which cannot be read: .*\.\n$')

    def test_files_of_the_environment(self):
        config = pathlib.Path(self.databases.config)
        done = programs.run(
            'nova-lockstatus', 'report', '--host', 'compute2', '-f', 'csv',
            '-c', 'id', env={'OS_NOVA_CONFIG_DIR': str(config.parent),
                             'OS_NOVA_CONFIG_FILES': 'no.ini;' + config.name})
        self.assertEqual(commands.Done(0, 'id\nowner\n', ''), done)

    def test_mistakes(self):
        for arguments, code, message in (
                (['--config-file', '/no.conf'], 1,
                 'The configuration of Nova cannot be read: Failed to find '
                 'some config files: /no.conf.\n'),
                (['--config-file', os.devnull], 1,
                 'The cells cannot be read from the database that '
                 '[api_database]connection names: No sql_connection '
                 'parameter is established.\n')):
            self.assertEqual(
                commands.Done(code, '', message),
                programs.run('nova-lockstatus', 'report', *arguments))
        for arguments, message in (
                (['--older-than', 'long'], "'long' is no age: give a number "
                 'and m, h, d or w, as in 30d'),
                (['--reason-matches', '('], "'(' is no regular expression: "
                 'missing ), unterminated subpattern at position 0'),
                (['--cell-timeout', 'nan'], "'nan' is no number of seconds "
                 'above 0')):
            refused = commands.run('report', *arguments)
            self.assertEqual((2, ''), (refused.code, refused.out))
            self.assertTrue(refused.err.endswith(message + '\n'),
                            refused.err)

    def test_reader_that_goes_away(self):
        with subprocess.Popen(
                [PROGRAM, 'report', '--config-file', self.databases.config,
                 '-f', 'csv'], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True) as process:
            self.assertTrue(process.stdout.readline().startswith('id,'))
            process.stdout.close()
            self.assertEqual('', process.stderr.read())
        self.assertEqual(141, process.returncode)

    def test_progress_for_who_watches(self):
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        done = subprocess.run(
            [PROGRAM, 'report', '--config-file', self.databases.config, '-f',
             'csv'], stdout=subprocess.PIPE, stderr=terminal, text=True,
            env=os.environ | {'TERM': 'xterm'}, timeout=300)
        os.close(terminal)
        self.assertEqual(0, done.returncode)
        self.assertEqual(MANY + 5, len(done.stdout.splitlines()))
        shown = os.read(master, 100000).decode()
        self.assertIn('Locked servers', shown)
        self.assertIn('/%d' % (MANY + 4), shown)

    def test_memory_and_statements(self):
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', MEASURE,
             self.databases.config], capture_output=True, text=True,
            check=True)
        few, many = json.loads(done.stdout)
        self.assertEqual((MANY // 10, MANY),
                         (few['servers'], many['servers']))
        # Some kilobytes may differ. The servers themselves would be megabytes.
        self.assertLess(many['peak'], few['peak'] * 1.25, done.stdout)
        # Three for each 200 servers, one for the hosts, one for the end.
        self.assertLessEqual(few['statements'], 3 * 3 + 2)
        self.assertLessEqual(many['statements'], 3 * 26 + 2)

    def test_documentation(self):
        found = commands.documented('nova-lockstatus report')
        self.assertNotEqual([], found)
        for words in found:
            if '>' in words:
                words = words[:words.index('>')]
            done = self.run_report(*words[2:])
            self.assertEqual(0, done.code, words)
            # Not every example finds a server here.
            self.assertIn(done.err, (
                '', 'The report is empty. No locked server fits the '
                'filters.\n'), words)


def api_time(days):
    """Return what the report says of a time so long ago."""
    return locked_databases.ago(days)[:19].replace(' ', 'T') + 'Z'
