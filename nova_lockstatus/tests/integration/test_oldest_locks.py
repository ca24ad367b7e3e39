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

"""The oldest locks of a cell, which the metrics show."""

import datetime
import uuid

from nova.db.main import models

from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import instance_actions
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.integration import case

NOW = datetime.datetime(2026, 11, 21, 12)

SERVERS = 500


class OldestLocksTestCase(case.DatabaseTestCase):

    def insert(self, table, rows):
        with self.databases.engine.begin() as connection:
            connection.execute(table.__table__.insert(), rows)

    def lock_servers(self, number, holder, days):
        """Lock servers, the last one first, each on a day of its own."""
        ids = [str(uuid.uuid4()) for _ in range(number)]
        self.insert(models.Instance, [
            {'uuid': server_id, 'locked': holder is not None, 'deleted': 0,
             'locked_by': holder, 'host': 'compute1'} for server_id in ids])
        times = [NOW - datetime.timedelta(days=days + place)
                 for place in range(number)]
        self.insert(models.InstanceAction, [
            {'instance_uuid': server_id, 'action': action, 'deleted': 0,
             'start_time': moment + offset, 'created_at': moment + offset}
            for server_id, moment in zip(ids, times, strict=True)
            for action, offset in (
                ('lock', -datetime.timedelta(days=9999)),
                ('unlock', -datetime.timedelta(days=9998)),
                ('lock', datetime.timedelta()))])

    def test_oldest_of_each_holder(self):
        self.lock_servers(SERVERS, 'owner', 3)
        self.lock_servers(2, 'admin', 7)
        # Nobody holds the lock of a server that was unlocked.
        self.lock_servers(5, None, 9000)
        cell = next(cell for cell in cells.list_all()
                    if cells.name(cell) == 'cell1')
        self.assertEqual(
            {'owner': NOW - datetime.timedelta(days=2 + SERVERS),
             'admin': NOW - datetime.timedelta(days=8)},
            instance_actions.read_oldest_locks(cells.context(cell)))


class PostgresqlOldestLocksTestCase(OldestLocksTestCase):

    server = store_databases.POSTGRESQL
    charset = None
