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

"""Finds and repairs reasons of locks on databases as clouds have them."""

import datetime

from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import reason_repair
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.integration import case

LOCK = {'lock': {'locked_reason': 'why'}}


class ReasonRepairTestCase(case.DatabaseTestCase):

    def context(self):
        return cells.context(self.databases.cell)

    def uuids(self, pages):
        return [stored.uuid for page in pages for stored in page]

    def left_over(self, since=None):
        return self.uuids(reason_repair.read_left_over(self.context(), since))

    def update(self, server_id, **values):
        with self.databases.engine.begin() as connection:
            connection.execute(
                models.Instance.__table__.update()
                .where(models.Instance.uuid == server_id).values(**values))

    def delete_reason(self, server_id):
        table = models.InstanceSystemMetadata.__table__
        with self.databases.engine.begin() as connection:
            connection.execute(table.delete().where(
                table.c.instance_uuid == server_id,
                table.c.key == 'locked_reason'))

    def test_repaired(self):
        worker, = self.start_workers(case.FILTER)
        server_id = self.databases.create_server()
        self.databases.create_server()
        worker.ask(case.action(server_id, 'owner', LOCK, '2.73'))
        (known,), = reason_repair.read_locked(self.context())
        self.assertEqual((server_id, True, 'owner', 'why'), (
            known.uuid, known.is_locked, known.locked_by, known.reason))
        self.assertIsNotNone(known.change)
        self.assertEqual([], self.left_over())
        self.delete_reason(server_id)
        lock = reason_repair.repair(self.context(), server_id, known)
        self.assertEqual(('owner', 'why'), lock)
        self.assertEqual((True, 'owner', [('locked_reason', 'why')]),
                         self.databases.lock_rows(server_id))
        self.update(server_id, locked=False, locked_by=None)
        self.assertEqual([server_id], self.left_over())
        now = timeutils.utcnow()
        hour = datetime.timedelta(hours=1)
        self.assertEqual([server_id], self.left_over(now - hour))
        self.assertEqual([], self.left_over(now + hour))
        reason_repair.repair(self.context(), server_id, None)
        self.assertEqual((False, None, []),
                         self.databases.lock_rows(server_id))
        self.assertEqual([], self.left_over())


class PostgresqlTestCase(ReasonRepairTestCase):

    server = store_databases.POSTGRESQL
    charset = None
