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

import csv
import datetime
import io
import json
import re

import fixtures
import testtools

from nova_lockstatus.cli import report_formats
from nova_lockstatus.core import locked_server
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures.locked_server_samples import SERVER
from nova_lockstatus.tests.fixtures.locked_server_samples import UNKNOWN


class FormatTestCase(testtools.TestCase):

    def write(self, kind, chunks, columns=locked_server.COLUMNS):
        stream = io.StringIO()
        writer = report_formats.FORMATS[kind](stream, columns)
        for chunk in chunks:
            writer.write(chunk)
        writer.close()
        return stream.getvalue()

    def test_json(self):
        for chunks in ([], [[SERVER]], [[SERVER, UNKNOWN], [SERVER]]):
            text = self.write('json', chunks)
            self.assertEqual(
                [server._asdict() for chunk in chunks for server in chunk],
                json.loads(text))
            self.assertTrue(text.endswith(']\n'))

    def test_json_is_written_as_it_comes(self):
        stream = io.StringIO()
        writer = report_formats.Json(stream, ['id'])
        writer.write([SERVER])
        self.assertEqual('[\n{"id": "%s"}' % SERVER.id, stream.getvalue())

    def test_csv(self):
        odd = SERVER._replace(name='a,"b"\nc')
        rows = list(csv.reader(io.StringIO(
            self.write('csv', [[odd], [UNKNOWN]]))))
        self.assertEqual(
            [list(locked_server.COLUMNS), *(
                [*(value or '' for value in server[:-1]), 'false']
                for server in (odd, UNKNOWN))], rows)
        self.assertEqual('id,name\n', self.write('csv', [], ['id', 'name']))

    def test_columns(self):
        self.assertEqual('cell,name\ncell1,billing\n',
                         self.write('csv', [[SERVER]], ['cell', 'name']))
        self.assertEqual([{'name': 'billing'}], json.loads(
            self.write('json', [[SERVER]], ['name'])))

    def test_table(self):
        columns = ['name', 'host', 'locked_by']
        self.assertEqual(
            '+---------+----------+-----------+\n'
            '| name    | host     | locked_by |\n'
            '+---------+----------+-----------+\n'
            '| billing | compute1 | admin     |\n'
            '| billing |          | admin     |\n'
            '| billing-archive | compute1 | admin     |\n'
            '+---------+----------+-----------+\n',
            self.write('table', [
                [SERVER, UNKNOWN],
                [SERVER._replace(name='billing-archive')]], columns))
        self.assertEqual('+------+\n| name |\n+------+\n+------+\n',
                         self.write('table', [], ['name']))

    def test_table_of_any_text(self):
        text = self.write('table', [
            [SERVER._replace(name='東京'), SERVER._replace(name='e\u0301a'),
             SERVER._replace(name='x\x1b[2J\ny\x9b')]], ['name'])
        self.assertEqual(
            ['+-----------------+',
             '| name            |',
             '+-----------------+',
             # Two columns for each of the characters, none for the accent.
             '| 東京            |',
             '| e\u0301a              |',
             r'| x\x1b[2J\ny\x9b |',
             '+-----------------+'], text.splitlines())

    def test_table_has_ages_in_words(self):
        moment = datetime.datetime.now(
            datetime.timezone.utc) - datetime.timedelta(days=3, minutes=5)
        locked_at = locked_server.format_time(moment)
        servers = [[SERVER._replace(locked_at=locked_at), UNKNOWN]]
        self.assertEqual(
            ['+-----------+',
             '| locked_at |',
             '+-----------+',
             '| 3 days    |',
             '|           |',
             '+-----------+'],
            self.write('table', servers, ['locked_at']).splitlines())
        for kind in ('json', 'csv'):
            self.assertIn(locked_at, self.write(kind, servers, ['locked_at']))

    def test_expired(self):
        servers = [[SERVER._replace(
            locked_until='2026-12-24T08:00:00Z', expired=True), UNKNOWN]]
        columns = ['locked_until', 'expired']
        self.assertEqual('locked_until,expired\n2026-12-24T08:00:00Z,true\n'
                         ',false\n', self.write('csv', servers, columns))
        self.assertEqual([True, False], [
            row['expired'] for row in json.loads(
                self.write('json', servers, columns))])
        self.assertIn('| 2026-12-24T08:00:00Z | yes     |',
                      self.write('table', servers, columns))

    def test_colours_are_for_a_terminal(self):
        servers = [SERVER, SERVER._replace(host_status='DOWN'),
                   SERVER._replace(host_status='')]
        columns = ['host_status', 'name']
        plain = self.write('table', [servers], columns)
        self.assertNotIn('\x1b', plain)
        shown = {}
        for no_color in (None, '1'):
            self.useFixture(fixtures.EnvironmentVariable('NO_COLOR', no_color))
            self.useFixture(fixtures.EnvironmentVariable('TERM', 'xterm'))
            for kind, writer in report_formats.FORMATS.items():
                stream = commands.Terminal()
                writer(stream, columns).write(servers)
                shown[kind, no_color] = stream.getvalue()
        coloured = shown.pop(('table', None))
        self.assertIn('| \x1b[31mDOWN       \x1b[0m | billing |', coloured)
        self.assertIn('| \x1b[32mUP         \x1b[0m | billing |', coloured)
        self.assertIn('|             | billing |', coloured)
        self.assertIn(re.sub('\x1b\\[[0-9]+m', '', coloured), plain)
        for text in shown.values():
            self.assertNotIn('\x1b', text)
