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

"""A cell that is down does not stop the guard in others."""

import threading

import fixtures
from nova import context as nova_context
from nova.conf import CONF
from oslo_db import exception as db_exception

from nova_lockstatus.gateway import cells
from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.watch.guard import tasks


class CellDownTestCase(GuardTestCase):

    def test_other_cells_are_guarded(self):
        server_id = self.down(host='compute2')
        self.start_behind_nova(server_id)
        cell = self.nova.services.cell_mappings['cell1']
        original = nova_context.set_target_cell

        def set_target_cell(context, mapping):
            if mapping is not None and mapping.uuid == cell.uuid:
                raise db_exception.DBConnectionError('gone')
            original(context, mapping)

        watch = tasks.Guard(CONF)
        with fixtures.MonkeyPatch(
                'nova.context.set_target_cell', set_target_cell):
            watch.run(threading.Event())
            watch.run(threading.Event())
        self.nova.wait_for(server_id, 'SUSPENDED')
        self.assertEqual(self.SUSPENDED, self.states(server_id))
        self.look(watch)
        log = self.nova.log
        line = ('The cell %s cannot be worked through (task: guard)'
                % cells.label(self.nova.services.cell_mappings['cell1']))
        self.assertEqual(1, log.count(line + ': DBConnectionError'))
        self.assertEqual(1, log.count(line + ': works again'))

    def test_cell_that_does_not_answer(self):
        """It is not asked again before it has, and delays nobody."""
        server_id = self.down(host='compute2')
        self.start_behind_nova(server_id)
        cell = self.nova.services.cell_mappings['cell1']
        original = nova_context.set_target_cell
        asked, answer = [], threading.Event()
        self.addCleanup(answer.set)

        def set_target_cell(context, mapping):
            if mapping is not None and mapping.uuid == cell.uuid:
                asked.append(mapping)
                answer.wait(20)
            original(context, mapping)

        self.configure('lockstatus', guard_interval=1)
        watch = tasks.Guard(CONF)
        with fixtures.MonkeyPatch(
                'nova.context.set_target_cell', set_target_cell):
            watch.run(threading.Event())
            watch.run(threading.Event())
            self.assertEqual(1, len(asked))
            self.nova.wait_for(server_id, 'SUSPENDED')
            answer.set()
