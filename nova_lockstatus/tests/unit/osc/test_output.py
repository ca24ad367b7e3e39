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

import argparse
import datetime
import io
import json
import re
from importlib import metadata
from unittest import mock

import fixtures
import testtools

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import output
from nova_lockstatus.tests.fixtures import commands
from nova_lockstatus.tests.fixtures.osc_clouds import PLUGIN
from nova_lockstatus.tests.fixtures.osc_clouds import STOCK
from nova_lockstatus.tests.fixtures.osc_clouds import older


class TableTestCase(testtools.TestCase):

    COLUMNS = (output.Column('ID', 'id'),
               output.Column('By', 'by', capabilities.LOCKED_BY),
               output.Column('Why', 'why', capabilities.LOCKED_REASON))

    def test_columns_that_no_row_has_are_left_out(self):
        rows: list[dict] = [{'id': 1, 'why': None}, {'id': 2}]
        self.assertEqual(
            (['ID', 'Why'], [[1, None], [2, None]]),
            output.make_table(self.COLUMNS, rows, PLUGIN))

    def test_without_rows_the_cloud_decides(self):
        for found, heads in ((PLUGIN, ['ID', 'By', 'Why']),
                             (STOCK, ['ID', 'Why']),
                             (older((2, 60)), ['ID'])):
            self.assertEqual(
                (heads, []), output.make_table(self.COLUMNS, [], found))


class OutputTestCase(testtools.TestCase):

    def test_every_command_writes_only_what_prints(self):
        commands = [point.load() for point in metadata.entry_points(
            group='openstack.lockstatus.v2')]
        self.assertNotEqual([], commands)
        for command in commands:
            self.assertTrue(issubclass(
                command, (output.Lister, output.ShowOne)), command)


class ListHosts(output.Lister):
    """A command that needs no cloud."""

    COLUMNS = (output.Column('Name', 'name'),
               output.Column('Since', 'since', kind=output.AgeColumn),
               output.Column(output.HOST_STATUS, 'status'))

    def take_action(self, args: argparse.Namespace) -> output.Table:
        began = (datetime.datetime.now(datetime.timezone.utc)
                 - datetime.timedelta(hours=73))
        return output.make_table(self.COLUMNS, [
            {'name': 'a', 'since': began.strftime('%Y-%m-%dT%H:%M:%SZ'),
             'status': 'UP'},
            {'name': 'b', 'since': None, 'status': 'DOWN'},
            {'name': 'c', 'status': ''}], PLUGIN)


class TableForPeopleTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.set(NO_COLOR=None, TERM='xterm', CLIFF_FIT_WIDTH=None)

    def set(self, **variables):
        for name, value in variables.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def run_command(self, *argv, stream=None):
        app = mock.Mock(stdout=stream or io.StringIO())
        command = ListHosts(app, argparse.Namespace())
        command.run(command.get_parser('hosts').parse_args(argv))
        return app.stdout.getvalue()

    def on_terminal(self, *argv):
        return self.run_command(*argv, stream=commands.Terminal())

    def test_ages_are_in_words_for_people_alone(self):
        self.assertIn('| a    | 3 days |', self.run_command())
        for kind in ('json', 'csv', 'yaml', 'value'):
            text = self.run_command('-f', kind)
            self.assertRegex(text, r'20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ')
            self.assertNotIn('days', text)
        self.assertIsNone(json.loads(
            self.run_command('-f', 'json'))[1]['Since'])

    def test_colours_are_for_a_terminal(self):
        plain = self.run_command()
        self.assertNotIn('\x1b', plain)
        coloured = self.on_terminal()
        self.assertIn('\x1b[31mDOWN\x1b[0m', coloured)
        self.assertEqual(plain, re.sub('\x1b\\[[0-9]+m', '', coloured))
        for argv in (['-f', 'json'], ['-f', 'value'], ['--max-width', '40'],
                     ['--fit-width']):
            self.assertNotIn('\x1b', self.on_terminal(*argv), argv)
        self.set(NO_COLOR='1')
        self.assertEqual(plain, self.on_terminal())

    def test_order_is_that_of_the_names(self):
        argv = ['--sort-column', output.HOST_STATUS, '-c', 'Name']
        self.assertEqual(self.run_command(*argv), self.on_terminal(*argv))
