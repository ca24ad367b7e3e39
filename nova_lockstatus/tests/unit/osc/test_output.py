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

from importlib import metadata

import testtools

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import output
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
