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

"""The locks of projects and hosts on MariaDB and on PostgreSQL."""

from nova_lockstatus.db import scope_locks
from nova_lockstatus.tests.fixtures import scope_lock_cases
from nova_lockstatus.tests.fixtures import store_databases

LOCKS = 3000


class MariaDBTestCase(scope_lock_cases.ScopeLockCases):

    server_url = store_databases.MARIADB

    def setUp(self):
        reason = store_databases.unreachable(self.server_url)
        if reason:
            self.skipTest(reason)
        super().setUp()
        self.url = store_databases.create(self, self.server_url)

    def test_reads_by_the_indexes(self):
        store = self.synced()
        lock = scope_lock_cases.project_lock()
        with store.connect() as connection:
            connection.execute(scope_locks._TABLE.insert(), [{
                'id': str(number), 'scope': 'project',
                'scope_id': 'p%d' % number, 'lock_level': 'change',
                'since': lock.record.since, 'lifted_at_end': False,
                'refuses_create': False} for number in range(LOCKS)])
            connection.exec_driver_sql(
                'ANALYZE %s scope_locks' % (
                    'TABLE' if connection.dialect.name == 'mysql' else ''))
            plan = '\n'.join(
                str(row) for row in connection.exec_driver_sql(
                    'EXPLAIN SELECT id FROM scope_locks WHERE '
                    "(scope = 'project' AND scope_id IN ('p7', 'p8')) "
                    "OR (scope = 'host' AND scope_id IN ('compute1'))"))
        self.assertIn('scope_locks_of_scope', plan)
        self.assertEqual(1, len(scope_locks.standing_over(
            store, ['p7'], [('cell1', 'compute1')]).over('p7', None)))


class PostgreSQLTestCase(MariaDBTestCase):

    server_url = store_databases.POSTGRESQL
