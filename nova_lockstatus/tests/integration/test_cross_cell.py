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

"""The lock of a server that is in two cells, each a database of its own."""

import sqlalchemy
from nova import context as nova_context
from nova import objects
from nova.conductor.tasks import cross_cell_migrate
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import server_lock
from nova_lockstatus.tests.integration import case

REASON = 'locked_reason'

ROUNDS = 6
THREADS = 6


class CrossCellTestCase(case.DatabaseTestCase):
    """The conductor's own code copies, shows, hides and deletes the rows.

    On PostgreSQL stock Nova cannot copy them: it writes a boolean into the
    integer column ``cleaned``.
    """

    url_query = {'init_command': 'SET SESSION innodb_lock_wait_timeout = 5'}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cells = (cls.databases.cell, cls.databases.create_cell('cell2'))
        for number, cell in enumerate(cls.cells):
            objects.HostMapping(
                nova_context.get_admin_context(), cell_mapping=cell,
                host='compute%d' % (number + 1)).create()

    def setUp(self):
        super().setUp()
        self.server_id = self.databases.create_server()

    def context(self, number):
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(context, self.cells[number])
        return context

    def instance(self, number):
        return objects.Instance.get_by_uuid(
            self.context(number), self.server_id,
            expected_attrs=['system_metadata', 'flavor', 'info_cache'])

    def migrate(self):
        """Come to VERIFY_RESIZE in the second cell."""
        source = self.instance(0)
        migration = objects.Migration(
            source._context, instance_uuid=self.server_id, status='migrating',
            migration_type='resize', cross_cell_move=True,
            source_compute='compute1', dest_compute='compute2')
        migration.create()
        target, migration = cross_cell_migrate.TargetDBSetupTask(
            source._context, source, migration, self.context(1)).execute()
        for row in (source, target):
            row.vm_state = 'resized'
            row.save()
        cross_cell_migrate.FinishResizeAtDestTask(
            self.context(1), target, migration, source, None, self.cells[1],
            None, None)._update_instance_mapping()
        migration.status = 'finished'
        migration.save()

    def confirm(self):
        self.instance(0).destroy(hard_delete=True)

    def revert(self):
        target, source = self.instance(1), self.instance(0)
        migration = objects.Migration.get_by_instance_and_status(
            self.context(1), self.server_id, 'finished')
        context = self.context(1)
        objects.InstanceAction.action_start(
            context, self.server_id, 'revertResize')
        task = cross_cell_migrate.RevertResizeTask(
            context, target, migration, None, None)
        task._update_instance_in_source_cell(source)
        task._update_instance_mapping(source, self.cells[0])
        target.destroy(hard_delete=True)

    def lock(self, number):
        """Return the lock that a cell has stored, and its actions."""
        context = self.context(number)
        instance = self.instance(number)
        actions = objects.InstanceActionList.get_by_instance_uuid(
            context, self.server_id)
        return (server_lock.Lock(instance.locked_by,
                                 instance.system_metadata.get(REASON)),
                sorted((action.action, action.request_id)
                       for action in actions))

    def act(self, worker, body, token='admin'):
        answer, = worker.ask(
            case.action(self.server_id, token, body, '2.73'))
        return answer['status']

    def test_confirmed_and_reverted(self):
        worker, = self.start_workers(case.FILTER)
        why = server_lock.Lock('admin', 'why')
        for end, left in ((self.confirm, 1), (self.revert, 0)):
            self.server_id = self.databases.create_server()
            self.migrate()
            self.assertEqual(
                202, self.act(worker, {'lock': {REASON: 'why'}}))
            self.assertEqual(self.lock(0), self.lock(1))
            self.assertEqual(why, self.lock(0)[0])
            end()
            self.assertEqual(why, self.lock(left)[0])
            self.assertEqual(409, self.act(worker, {'os-stop': None},
                                           'owner'))

    def test_all_at_once(self):
        """Two processes take the rows of both cells in one order."""
        self.migrate()
        workers = self.start_workers(case.FILTER, 2)
        bodies = ({'unlock': None}, {'lock': None},
                  {'lock': {REASON: 'one'}}, {'lock': {REASON: 'two'}})
        for number in range(ROUNDS):
            for worker in workers:
                worker.start([
                    case.action(self.server_id, 'admin',
                                bodies[(number + count) % len(bodies)], '2.73')
                    for count in range(THREADS)])
            for worker in workers:
                self.assertEqual(
                    {202}, {answer['status'] for answer in worker.read()})
            self.assertEqual(self.lock(0), self.lock(1))

    def test_other_row_is_held(self):
        self.migrate()
        worker, = self.start_workers(case.FILTER)
        before = self.lock(0), self.lock(1)
        engine = db.get_engine(context=self.context(0))
        with engine.connect() as rival:
            rival.execute(
                models.Instance.__table__.update()
                .where(models.Instance.uuid == self.server_id)
                .values(updated_at=sqlalchemy.text('updated_at')))
            self.assertEqual(503, self.act(worker, {'lock': None}))
            rival.rollback()
        self.assertEqual(before, (self.lock(0), self.lock(1)))
