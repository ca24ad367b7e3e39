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

"""The plugin's store in a file, and what can be wrong with it."""

import pathlib
import socket
import time
from unittest import mock

import fixtures
import testtools

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import migration
from nova_lockstatus.db import watch_process
from nova_lockstatus.tests.fixtures import store_cases
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fixtures import sync_cases

MYSQL_LIMITS = {'charset': 'utf8mb4', 'connect_timeout': '5',
                'read_timeout': '10', 'write_timeout': '10'}

POSTGRESQL_LIMITS = {
    'connect_timeout': '5', 'options': '-c statement_timeout=10000',
    'keepalives_idle': '5', 'keepalives_interval': '5',
    'tcp_user_timeout': '10000'}


class SQLiteTestCase(store_cases.StoreCases):

    def setUp(self):
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir()).path
        # A % and a blank may be in a path.
        self.file = pathlib.Path(self.folder, '100% mine.sqlite')
        self.url = 'sqlite:///%s' % self.file

    def test_looking_makes_no_file(self):
        for function in (migration.check, watch_process.list_all):
            self.assertRaises(exception.StoreNotSynced, function, self.open())
        self.assertFalse(self.file.exists())


class SQLiteSyncTestCase(sync_cases.SyncCases):

    def new_url(self):
        return 'sqlite:///%s/x' % self.useFixture(fixtures.TempDir()).path


class UrlTestCase(testtools.TestCase):

    def test_name_without_password(self):
        store = store_databases.open_store(
            self, 'mysql+pymysql://me:secret@host/x?ssl_key=secret')
        self.assertEqual('mysql+pymysql://me:***@host/x', store.name)

    def test_mariadb_is_mysql(self):
        """SQLAlchemy has tables for the one that the other does not get."""
        for name, expected in (('mariadb+pymysql', 'mysql+pymysql'),
                               ('mysql+pymysql', 'mysql+pymysql')):
            store = store_databases.open_store(
                self, name + '://me:secret@host/x?charset=utf8mb4')
            self.assertEqual(expected + '://me:***@host/x', store.name)
            self.assertEqual('utf8mb4', store.url.query['charset'])

    def test_waits_no_longer_than_it_should(self):
        for url, query in (
                ('mysql+pymysql://host/x', MYSQL_LIMITS),
                ('mysql+pymysql://host/x?connect_timeout=7&read_timeout=8',
                 {**MYSQL_LIMITS, 'connect_timeout': '7',
                  'read_timeout': '8'}),
                ('postgresql+psycopg2://host/x', POSTGRESQL_LIMITS),
                ('postgresql+psycopg2://host/x?options=-c%20x%3D1',
                 {**POSTGRESQL_LIMITS, 'options': '-c x=1'}),
                ('postgresql+pg8000://host/x', {}),
                ('sqlite:////no/such', {})):
            try:
                store = store_databases.open_store(self, url)
            except exception.StoreUrlInvalid:
                # The driver is not installed here.
                self.assertIn('pg8000', url)
                continue
            self.assertEqual(query, dict(store.url.query))

    def test_waits_for_migrations(self):
        for url, query in (
                ('mysql+pymysql://host/x', {'charset': 'utf8mb4'}),
                ('postgresql+psycopg2://host/x', {})):
            store = database.open_store(store_databases.configure(url),
                                        limited=False)
            self.assertEqual({'connect_timeout': '5', **query},
                             dict(store.url.query))

    def test_server_that_hangs(self):
        """It takes connections, as one that is stopped does."""
        with socket.create_server(('127.0.0.1', 0)) as listener:
            with mock.patch.object(database, 'STATEMENT_TIMEOUT', 1):
                store = store_databases.open_store(
                    self, 'mysql+pymysql://me@127.0.0.1:%d/x'
                    % listener.getsockname()[1])
            start = time.monotonic()
            error = self.assertRaises(exception.StoreUnreachable,
                                      watch_process.list_all, store)
            self.assertIn('timed out', str(error))
            self.assertLess(time.monotonic() - start, 5)

    def test_server_that_is_down(self):
        store = store_databases.open_store(
            self, 'mysql+pymysql://me:secret@127.0.0.1:1/x')
        error = self.assertRaises(exception.StoreUnreachable,
                                  watch_process.list_all, store)
        self.assertIn('127.0.0.1', str(error))
        self.assertNotIn('secret', str(error))
