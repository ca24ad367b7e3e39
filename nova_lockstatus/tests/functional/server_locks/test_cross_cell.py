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

"""The locks of a server that is migrated to another cell, and back."""

from typing import Any

from nova_lockstatus.core import lock_rows
from nova_lockstatus.tests.fixtures import cross_cell_case
from nova_lockstatus.tests.fixtures import server_locks_case as case


class CrossCellTestCase(cross_cell_case.CrossCellCase):

    options: dict[str, Any] = {
        **cross_cell_case.CrossCellCase.options, 'config': case.EXTENSIONS}

    def reasons(self):
        """Return the reasons of all locks in each cell."""
        return {cell: [record.reason for record in lock_rows.read(
            self.server_id, row.system_metadata)]
            for cell, row in self.rows().items()}

    def test_migration_and_its_revert(self):
        self.accepted({'lock': {'locked_reason': 'a'}}, 'owner')
        self.accepted({'lock': {'locked_reason': 'b', 'level': 'delete'}})
        self.migrate()
        self.assertEqual({'cell1': ['a', 'b'], 'cell2': ['a', 'b']},
                         self.reasons())
        self.accepted({'lock': {'locked_reason': 'c'}}, 'member')
        self.accepted({'unlock': None}, 'owner')
        self.assertEqual({'cell1': ['c', 'b'], 'cell2': ['c', 'b']},
                         self.reasons())
        self.revert()
        self.assertEqual({'cell1': ['c', 'b']}, self.reasons())
        self.migrate()
        self.accepted({'unlock': None}, 'member')
        self.confirm()
        self.assertEqual({'cell2': ['b']}, self.reasons())
