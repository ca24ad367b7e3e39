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

"""What the store does, in any kind of database."""

import datetime
import threading

import sqlalchemy
import testtools
from alembic import autogenerate
from alembic import migration as alembic_migration

from nova_lockstatus import exception
from nova_lockstatus.store import api
from nova_lockstatus.store import migration
from nova_lockstatus.store import models
from nova_lockstatus.tests import store_databases

LATER = datetime.timedelta(seconds=api.WATCH_INTERVAL)


class StoreCases(testtools.TestCase):
    """Tests of a database whose URL is ``self.url``."""

    def open(self):
        return store_databases.open_store(self, self.url)

    def synced(self):
        store = self.open()
        migration.sync(store)
        return store

    def test_sync_and_once_more(self):
        self.assertRaises(exception.StoreNotSynced, migration.check,
                          self.open())
        self.assertRaises(exception.StoreNotSynced, api.list_watches,
                          self.open())
        newest = migration.newest()
        self.assertEqual((None, newest), migration.sync(self.open()))
        watch = api.Watch('ctl1', api.now(), api.now())
        api.report_watch(self.open(), watch)
        self.assertEqual((newest, newest), migration.sync(self.open()))
        migration.check(self.open())
        self.assertEqual([watch], api.list_watches(self.open()))

    def test_migrations_make_what_the_models_say(self):
        with self.synced().connect() as connection:
            context = alembic_migration.MigrationContext.configure(
                connection, opts={'version_table': migration.VERSION_TABLE,
                                  'compare_type': True})
            self.assertEqual([], autogenerate.compare_metadata(
                context, models.METADATA))

    def test_beside_another_program(self):
        """Neither its version nor its tables are touched."""
        store = self.open()
        with store.connect(making=True) as connection:
            for statement in (
                    'CREATE TABLE alembic_version (version_num CHAR(4))',
                    "INSERT INTO alembic_version VALUES ('abcd')"):
                connection.execute(sqlalchemy.text(statement))
        migration.sync(store)
        migration.check(store)
        with store.connect() as connection:
            self.assertEqual('abcd', connection.execute(sqlalchemy.text(
                'SELECT version_num FROM alembic_version')).scalar_one())

    def test_newer_tables(self):
        store = self.synced()
        with store.connect() as connection:
            connection.execute(sqlalchemy.text(
                "UPDATE %s SET version_num = '9999'"
                % migration.VERSION_TABLE))
        for function in (migration.check, migration.sync):
            error = self.assertRaises(exception.StoreNewer, function, store)
            self.assertIn("(9999, and this one knows %s)"
                          % migration.newest(), str(error))

    def test_report_and_remove(self):
        store = self.synced()
        start = api.now()
        first = api.Watch('ctl1', start, start)
        other = api.Watch('Ctl1', start, start)
        for watch in (first, other):
            api.report_watch(store, watch)
        again = api.Watch('ctl1', start + LATER, start + LATER)
        api.report_watch(store, again)
        self.assertEqual([other, again], sorted(
            api.list_watches(store), key=lambda watch: watch.reported_at))
        # Another one runs there now.
        api.remove_watch(store, first)
        self.assertEqual(2, len(api.list_watches(store)))
        api.remove_watch(store, again)
        self.assertEqual([other], api.list_watches(store))
        api.remove_watches_before(store, start)
        self.assertEqual([other], api.list_watches(store))
        api.remove_watches_before(store, start + LATER)
        self.assertEqual([], api.list_watches(store))

    def test_many_report_at_once(self):
        """Each through connections of its own, as processes do."""
        self.synced()
        start, errors = api.now(), []
        stores = [self.open() for _ in range(4)]
        barrier = threading.Barrier(len(stores), timeout=30)

        def work(store, number):
            try:
                for round_ in range(15):
                    barrier.wait()
                    # Two of them are on the same host.
                    watch = api.Watch('host%d-%d' % (number // 2, round_ % 5),
                                      start, start + round_ * LATER)
                    api.report_watch(store, watch)
                    api.remove_watches_before(store, start)
                    if round_ % 5 == 4:
                        api.remove_watch(store, watch)
                        api.report_watch(store, watch)
            except Exception as error:
                barrier.abort()
                errors.append(error)

        threads = [threading.Thread(target=work, args=(store, number))
                   for number, store in enumerate(stores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], errors)
        self.assertEqual(
            sorted(('host%d-%d' % (host, slot), start + (10 + slot) * LATER)
                   for host in range(2) for slot in range(5)),
            sorted((watch.host, watch.reported_at)
                   for watch in api.list_watches(stores[0])))
