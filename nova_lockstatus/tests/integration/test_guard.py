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

"""Claims of several watches at once, on a database as clouds have one."""

import threading

import sqlalchemy
from nova import context as nova_context

from nova_lockstatus.gateway import cells
from nova_lockstatus.tests.integration import case
from nova_lockstatus.watch.guard import decisions
from nova_lockstatus.watch.guard import queries
from nova_lockstatus.watch.guard import task_claim

SERVERS = 20
WATCHES = 4


class ClaimTestCase(case.DatabaseTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = [cls.databases.create_server() for _ in range(SERVERS)]

    def setUp(self):
        super().setUp()
        with self.databases.engine.begin() as connection:
            for table in (queries.EVENTS, queries.ACTIONS):
                connection.execute(table.delete())
        self.update(vm_state='suspended', locked=True, locked_by='admin',
                    task_state=None, power_state=1, host='compute1',
                    deleted=0)

    def update(self, **values):
        with self.databases.engine.begin() as connection:
            connection.execute(
                queries.INSTANCES.update().values(values))

    def context(self):
        return cells.context(self.databases.cell)

    def found(self, size=queries.PAGE_SIZE):
        return [row for page in queries.pages(
            self.context(), queries.running(), size) for row in page]

    def actions(self):
        with self.databases.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sqlalchemy.text(
                'SELECT a.instance_uuid, a.action, a.message, e.event '
                'FROM instance_actions a '
                'JOIN instance_actions_events e ON e.action_id = a.id'))]

    def claim_all(self, rows, claimed):
        enforcement = decisions.ENFORCEMENT_ACTIONS['suspended']
        for row in rows:
            if task_claim.acquire(self.context(), row, enforcement, 'watch'):
                claimed.append(row.uuid)

    def test_one_server_gets_one_action(self):
        rows = self.found()
        self.assertEqual(sorted(self.servers),
                         sorted(row.uuid for row in rows))
        claimed, errors = [], []
        barrier = threading.Barrier(WATCHES)

        def watch():
            barrier.wait()
            try:
                self.claim_all(rows, claimed)
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=watch) for _ in range(WATCHES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], errors)
        self.assertEqual(sorted(self.servers), sorted(claimed))
        self.assertEqual(
            sorted((uuid, 'suspend', 'locked', queries.EVENT)
                   for uuid in self.servers), sorted(self.actions()))

    def test_action_of_another_that_is_over(self):
        """All is as it was found, but for the other's action."""
        rows = self.found()
        claimed = []
        self.claim_all(rows, claimed)
        self.update(task_state=None)
        self.claim_all(rows, claimed)
        self.assertEqual(SERVERS, len(claimed))
        self.assertEqual(SERVERS, len(self.actions()))
        for row in self.found():
            self.assertEqual(('suspend', 1), (
                row.unfinished_action, row.failed_attempts))

    def test_changed_since(self):
        rows = self.found()
        for values in ({'locked': False, 'locked_by': None},
                       {'task_state': 'rebooting'}, {'vm_state': 'active'},
                       {'power_state': 4}, {'host': 'compute2'},
                       {'deleted': 1}):
            before = {'locked': True, 'locked_by': 'admin', 'deleted': 0,
                      'task_state': None, 'vm_state': 'suspended',
                      'power_state': 1, 'host': 'compute1'}
            self.update(**{**before, **values})
            claimed = []
            self.claim_all(rows, claimed)
            self.assertEqual([], claimed, values)
        self.assertEqual([], self.actions())

    def test_release(self):
        row = self.found()[0]
        enforcement = decisions.ENFORCEMENT_ACTIONS['suspended']
        action = task_claim.acquire(self.context(), row, enforcement, 'watch')
        self.assertFalse(task_claim.release(
            self.context(), row.uuid, enforcement, row.newest_action_id))
        self.assertTrue(task_claim.release(
            self.context(), row.uuid, enforcement, action))
        self.assertFalse(task_claim.release(
            self.context(), row.uuid, enforcement, action))
        again = next(other for other in self.found()
                     if other.uuid == row.uuid)
        self.assertEqual((None, 'suspend', 1), (
            again.task_state, again.unfinished_action, again.failed_attempts))

    def test_pages(self):
        self.assertEqual([row.uuid for row in self.found()],
                         [row.uuid for row in self.found(3)])
        self.assertIsNone(nova_context.get_admin_context().db_connection)
