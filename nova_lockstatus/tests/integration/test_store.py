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

"""The plugin's store on MariaDB and on PostgreSQL."""

import time
from unittest import mock

import sqlalchemy
import testtools
from oslo_db import exception as db_exception

from nova_lockstatus import exception
from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import known_status
from nova_lockstatus.db import migration
from nova_lockstatus.db import models
from nova_lockstatus.db import outbox
from nova_lockstatus.db import watch_process
from nova_lockstatus.tests.fixtures import store_cases
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fixtures import sync_cases


class ServerTestCase(store_cases.StoreCases):
    """The tests on a server."""

    server_url = store_databases.MARIADB

    def setUp(self):
        reason = store_databases.unreachable(self.server_url)
        if reason:
            self.skipTest(reason)
        super().setUp()
        self.url = store_databases.create(self, self.server_url)

    def test_database_that_is_not_there(self):
        store = store_databases.open_store(self, self.url + '_not')
        error = self.assertRaises(exception.StoreUnreachable,
                                  watch_process.list_all, store)
        self.assertIn('_not', str(error))

    def test_statement_that_is_held_up(self):
        """By one that ends no sooner than the server wants it to."""
        holding = self.synced()
        known_status.insert_missing(holding, 'cell1', {'compute1': 'UP'})
        with mock.patch.object(database, 'STATEMENT_TIMEOUT', 1):
            store = self.open()
        change = self.change('UP', 'DOWN')
        with holding.connect() as connection:
            connection.execute(models.HOSTS.update().values(version=2))
            start = time.monotonic()
            self.assertRaises(exception.StoreUnreachable, outbox.record,
                              store, change, ['a'])
            self.assertLess(time.monotonic() - start, 5)
        # It can be used again.
        self.assertTrue(outbox.record(store, change, ['a']))


    def insert_waiting(self, store, hosts, each):
        """Insert entries of hosts whose oldest is postponed, and a due one."""
        later = clock.in_seconds(3600)
        rows = [{'change_id': str(number), 'sink': 'a', 'cell': 'cell1',
                 'host': 'host%d' % (number % hosts), 'old': 'UP',
                 'new': 'DOWN', 'changed_at': clock.now(), 'last_server': 0,
                 'tries': 0, 'not_before': later if number < hosts else None,
                 'due_at': later if number < hosts else models.DUE_NEVER}
                for number in range(hosts * each)]
        with store.connect() as connection:
            connection.execute(models.OUTBOX.insert(), rows)
            connection.exec_driver_sql(
                'ANALYZE %s announcements'
                % ('TABLE' if connection.dialect.name == 'mysql' else ''))
        outbox.record(store, self.change('UP', 'DOWN', 'due'), ['a'])

    def test_claim_among_many_that_wait(self):
        """It reads a few entries of an index, however many there are."""
        store = self.synced()
        self.insert_waiting(store, 1000, 5)
        statements = []
        engine = store.transactions.writer.get_engine()

        def note(connection, cursor, statement, parameters, *args):
            if 'FROM announcements' in statement:
                statements.append((statement, parameters))

        sqlalchemy.event.listen(engine, 'before_cursor_execute', note)
        self.assertEqual('due', self.claimed(store).change.host)
        sqlalchemy.event.remove(engine, 'before_cursor_execute', note)
        self.assertEqual(2, len(statements))
        for statement, parameters in statements:
            with store.connect() as connection:
                lines = [str(row) for row in connection.exec_driver_sql(
                    'EXPLAIN ' + statement, parameters)]
            plan = '\n'.join(lines)
            self.assertIn('announcements_due', plan)
            self.assertIn('announcements_of_sink', plan)
            for word in ('Seq Scan', 'Sort', 'filesort', 'PRIMARY 8'):
                self.assertNotIn(word, plan)


class MariaDBNameTestCase(testtools.TestCase):
    """A URL that begins with ``mariadb``."""

    def setUp(self):
        super().setUp()
        reason = store_databases.unreachable(store_databases.MARIADB)
        if reason:
            self.skipTest(reason)
        url = store_databases.create(self, store_databases.MARIADB)
        self.store = store_databases.open_store(
            self, url.replace('mysql', 'mariadb', 1))

    def test_same_tables(self):
        migration.sync(self.store)
        for table in models.METADATA.tables:
            with self.store.connect() as connection:
                _, made = connection.exec_driver_sql(
                    'SHOW CREATE TABLE ' + table).one()
            self.assertIn('ENGINE=InnoDB', made)
            self.assertIn('COLLATE=utf8mb4_bin', made)
            self.assertEqual(table != 'watches', 'datetime(6)' in made, made)

    def test_deadlock(self):
        """oslo.db knows it by the name of MySQL, for those who try again."""
        def deadlock():
            with self.store.connect() as connection:
                connection.exec_driver_sql(
                    "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, "
                    "MESSAGE_TEXT = 'Deadlock found when trying to get lock'")

        self.assertRaises(db_exception.DBDeadlock, deadlock)


class MariaDBSyncTestCase(sync_cases.SyncCases):

    server_url = store_databases.MARIADB

    def setUp(self):
        super().setUp()
        reason = store_databases.unreachable(self.server_url)
        if reason:
            self.skipTest(reason)

    def new_url(self):
        return store_databases.create(self, self.server_url)


class PostgreSQLSyncTestCase(MariaDBSyncTestCase):

    server_url = store_databases.POSTGRESQL


class PostgreSQLTestCase(ServerTestCase):

    server_url = store_databases.POSTGRESQL
