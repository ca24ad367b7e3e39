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

import dataclasses
import datetime
import itertools
import threading
import uuid
from unittest import mock

import sqlalchemy
import testtools
from alembic import autogenerate
from alembic import migration as alembic_migration

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.db import clock
from nova_lockstatus.db import known_status
from nova_lockstatus.db import migration
from nova_lockstatus.db import models
from nova_lockstatus.db import outbox
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.db import outbox_retention
from nova_lockstatus.db import watch_process
from nova_lockstatus.tests import store_databases

CHANGED_AT = datetime.datetime(2026, 11, 21, 12, 0, 0, 123456)

LATER = datetime.timedelta(seconds=watch_process.REPORT_INTERVAL)


class StoreCases(testtools.TestCase):
    """Tests of a database whose URL is ``self.url``."""

    stop = threading.Event()

    def open(self):
        return store_databases.open_store(self, self.url)

    def synced(self):
        store = self.open()
        migration.sync(store)
        return store

    def test_sync_and_once_more(self):
        self.assertRaises(exception.StoreNotSynced, migration.check,
                          self.open())
        self.assertRaises(exception.StoreNotSynced, watch_process.list_all,
                          self.open())
        newest = migration.newest()
        self.assertEqual((None, newest), migration.sync(self.open()))
        watch = watch_process.WatchProcess(
            'ctl1', watch_process.now(), watch_process.now())
        watch_process.report(self.open(), watch)
        self.assertEqual((newest, newest), migration.sync(self.open()))
        migration.check(self.open())
        self.assertEqual([watch], watch_process.list_all(self.open()))

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
            self.assertIn('(9999, and this one knows %s)'
                          % migration.newest(), str(error))

    def test_report_and_remove(self):
        store = self.synced()
        start = watch_process.now()
        first = watch_process.WatchProcess('ctl1', start, start)
        other = watch_process.WatchProcess('Ctl1', start, start)
        for watch in (first, other):
            watch_process.report(store, watch)
        again = watch_process.WatchProcess(
            'ctl1', start + LATER, start + LATER)
        watch_process.report(store, again)
        self.assertEqual([other, again], sorted(
            watch_process.list_all(store),
            key=lambda watch: watch.reported_at))
        # Another one runs there now.
        watch_process.remove(store, first)
        self.assertEqual(2, len(watch_process.list_all(store)))
        watch_process.remove(store, again)
        self.assertEqual([other], watch_process.list_all(store))
        watch_process.remove_older(store, start)
        self.assertEqual([other], watch_process.list_all(store))
        watch_process.remove_older(store, start + LATER)
        self.assertEqual([], watch_process.list_all(store))

    @staticmethod
    def at_once(work, stores):
        """Call a function with each store and its number, in threads."""
        threads = [threading.Thread(target=work, args=(store, number))
                   for number, store in enumerate(stores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_many_report_at_once(self):
        """Each through connections of its own, as processes do."""
        self.synced()
        start, errors = watch_process.now(), []
        stores = [self.open() for _ in range(4)]
        barrier = threading.Barrier(len(stores), timeout=30)

        def work(store, number):
            try:
                for round_ in range(15):
                    barrier.wait()
                    # Two of them are on the same host.
                    watch = watch_process.WatchProcess(
                        'host%d-%d' % (number // 2, round_ % 5), start,
                        start + round_ * LATER)
                    watch_process.report(store, watch)
                    watch_process.remove_older(store, start)
                    if round_ % 5 == 4:
                        watch_process.remove(store, watch)
                        watch_process.report(store, watch)
            except Exception as error:
                barrier.abort()
                errors.append(error)

        self.at_once(work, stores)
        self.assertEqual([], errors)
        self.assertEqual(
            sorted(('host%d-%d' % (host, slot), start + (10 + slot) * LATER)
                   for host in range(2) for slot in range(5)),
            sorted((watch.host, watch.reported_at)
                   for watch in watch_process.list_all(stores[0])))

    def change(self, old, new, host='compute1', cell='cell1', **kwargs):
        return host_event.StatusChange(
            id=str(uuid.uuid4()), cell=cell, host=host, old=old, new=new,
            changed_at=CHANGED_AT.replace(tzinfo=datetime.timezone.utc),
            **kwargs)

    def claimed(self, store, owner='me'):
        owed = outbox_lease.claim(store, owner, ['a'])
        assert owed is not None
        return owed

    def outbox_of(self, store):
        """Take all out of the outbox, in its order."""
        taken = []
        while owed := outbox_lease.claim(store, 'me', ['a', 'b']):
            taken.append(owed)
            outbox_lease.finish(store, 'me', owed)
        return taken

    def test_record_and_claim(self):
        store = self.synced()
        change = self.change('UP', 'DOWN', request_id='req-1', user_id='u',
                             project_id='p')
        self.assertTrue(outbox.record(store, change, ['a', 'b']))
        self.assertEqual(
            {'compute1': known_status.KnownStatus('DOWN', 1, CHANGED_AT)},
            known_status.read(store, 'cell1'))
        self.assertEqual({}, known_status.read(store, 'cell2'))
        self.assertIsNone(outbox_lease.claim(store, 'me', ['c']))
        owed = outbox_lease.claim(store, 'me', ['a'])
        self.assertEqual(
            outbox_lease.OutboxEntry(owed.number, 'a', change, 0, 0), owed)
        self.assertIsNone(outbox_lease.claim(store, 'other', ['a']))
        self.assertEqual(
            'b', outbox_lease.claim(store, 'other', ['a', 'b']).sink)
        self.assertEqual(2, outbox.count(store, change.id))
        outbox_lease.finish(store, 'other', owed)
        self.assertEqual(1, outbox.count(store, change.id, ['a']))
        outbox_lease.finish(store, 'me', owed)
        self.assertEqual(0, outbox.count(store, change.id, ['a']))
        self.assertEqual(1, outbox.count(store))

    def test_the_same_change_is_written_down_once(self):
        store = self.synced()
        self.assertTrue(outbox.record(store, self.change('UP', 'DOWN'),
                                      ['a']))
        self.assertFalse(outbox.record(store, self.change('UP', 'DOWN'),
                                       ['a']))
        self.assertRaises(outbox.VersionConflict, outbox.record, store,
                          self.change('UP', 'MAINTENANCE'), ['a'])
        # Looked at before: of the version that was known then.
        self.assertFalse(outbox.record(store, self.change('DOWN', 'UP'),
                                       ['a'], 0))
        self.assertFalse(outbox.record(
            store, self.change('UP', 'DOWN', 'unknown'), ['a'], 1))
        self.assertEqual(1, outbox.count(store))
        self.assertTrue(outbox.record(store, self.change('DOWN', 'UP'),
                                      ['a'], 1))
        self.assertEqual(
            {'compute1': known_status.KnownStatus('UP', 2, CHANGED_AT)},
            known_status.read(store, 'cell1'))
        self.assertEqual(['DOWN', 'UP'],
                         [owed.change.new for owed in self.outbox_of(store)])

    def test_changes_of_one_host_one_after_the_other(self):
        store = self.synced()
        for change in (self.change('UP', 'DOWN'), self.change('DOWN', 'UP'),
                       self.change('UP', 'DOWN', 'compute2'),
                       self.change('UP', 'DOWN', cell='cell2')):
            outbox.record(store, change, ['a'])
        first, second, third = (outbox_lease.claim(store, 'me', ['a'])
                                for _ in range(3))
        self.assertEqual(
            [('cell1', 'compute1', 'DOWN'), ('cell1', 'compute2', 'DOWN'),
             ('cell2', 'compute1', 'DOWN')],
            [(owed.change.cell, owed.change.host, owed.change.new)
             for owed in (first, second, third)])
        self.assertIsNone(outbox_lease.claim(store, 'me', ['a']))
        outbox_lease.finish(store, 'me', first)
        self.assertEqual(
            'UP', outbox_lease.claim(store, 'me', ['a']).change.new)

    def test_lease(self):
        store = self.synced()
        outbox.record(store, self.change('UP', 'DOWN'), ['a'])
        owed = self.claimed(store, 'dead')
        self.assertTrue(outbox_lease.checkpoint(store, 'dead', owed, 500))
        self.assertTrue(outbox_lease.renew(store, 'dead', owed))
        self.assertIsNone(outbox_lease.claim(store, 'me', ['a']))
        now = clock.now()
        with mock.patch.object(
                clock, 'now', lambda: now + datetime.timedelta(
                    seconds=outbox_lease.LEASE + 1)):
            mine = self.claimed(store)
            self.assertEqual(500, mine.last_server)
            self.assertFalse(outbox_lease.renew(store, 'dead', owed))
            self.assertFalse(outbox_lease.checkpoint(store, 'dead', owed, 700))
            outbox_lease.finish(store, 'dead', owed)
            outbox_lease.postpone(store, 'dead', owed, 0)
            outbox_lease.release(store, 'dead')
            self.assertIsNone(outbox_lease.claim(store, 'other', ['a']))
            outbox_lease.hand_over(store, 'me', mine)
            self.assertEqual(mine, outbox_lease.claim(store, 'other', ['a']))
            outbox_lease.release(store, 'other')
            self.assertEqual(mine, outbox_lease.claim(store, 'third', ['a']))

    def test_postponed(self):
        store = self.synced()
        outbox.record(store, self.change('UP', 'DOWN'), ['a'])
        outbox.record(store, self.change('DOWN', 'UP'), ['a'])
        outbox.record(store, self.change('UP', 'DOWN', 'compute2'), ['a'])
        owed = self.claimed(store)
        outbox_lease.postpone(store, 'me', owed, 60)
        # The host's later change must wait for it, another host need not.
        self.assertEqual('compute2',
                         outbox_lease.claim(store, 'me', ['a']).change.host)
        self.assertIsNone(outbox_lease.claim(store, 'me', ['a']))
        now = clock.now()
        with mock.patch.object(
                clock, 'now',
                lambda: now + datetime.timedelta(seconds=61)):
            again = self.claimed(store, 'other')
        self.assertEqual((owed.number, 1), (again.number, again.tries))

    def later(self, seconds):
        now = clock.now()
        return mock.patch.object(
            clock, 'now', lambda: now + datetime.timedelta(seconds=seconds))

    def fresh(self, host, *sinks):
        return dataclasses.replace(
            self.change('UP', 'DOWN', host),
            changed_at=datetime.datetime.now(datetime.timezone.utc)), sinks

    def test_too_old(self):
        store = self.synced()
        for host in ('compute1', 'compute2'):
            outbox.record(store, *self.fresh(host, 'a', 'b', 'ab'))
        self.assertEqual(
            {}, outbox_retention.expire(store, 'a', 60, self.stop))
        with self.later(61):
            # One that somebody tells is theirs.
            owed = self.claimed(store)
            self.assertEqual({'a': 1}, outbox_retention.expire(store, 'a', 60,
                                                               self.stop))
            self.assertEqual(
                {}, outbox_retention.expire(store, 'a', 60, self.stop))
            outbox_lease.release(store, 'me')
            self.assertEqual(owed, self.claimed(store))
            outbox_lease.finish(store, 'me', owed)
        self.assertEqual(0, outbox.count(store, sinks=['a']))
        self.assertEqual(4, outbox.count(store))

    def test_too_old_for_several(self):
        store = self.synced()
        for host in ('compute1', 'compute2'):
            outbox.record(store, *self.fresh(host, 'a', 'x:a', 'x:b'))
        outbox.record(store, *self.fresh('compute3', 'x:b'))
        with self.later(61), mock.patch.object(
                outbox_retention, 'DELETE_BATCH', 2):
            self.assertEqual(
                {'x:a': 2, 'x:b': 3},
                outbox_retention.expire(store, 'x:%', 60, self.stop))
            self.assertEqual(
                {}, outbox_retention.expire(store, 'x:%', 60, self.stop))
        self.assertEqual(2, outbox.count(store, sinks=['a']))
        self.assertEqual(2, outbox.count(store))

    def test_too_many(self):
        store = self.synced()
        for number in range(5):
            outbox.record(store, self.change('UP', 'DOWN', 'c%d' % number),
                          ['a', 'b'])
        self.assertEqual(
            0, outbox_retention.keep_newest(store, 'a', 5, self.stop))
        first = self.claimed(store)
        # The oldest is told by somebody.
        self.assertEqual(
            2, outbox_retention.keep_newest(store, 'a', 2, self.stop))
        self.assertEqual(
            0, outbox_retention.keep_newest(store, 'c', 2, self.stop))
        self.assertEqual('c3', self.claimed(store).change.host)
        outbox_lease.finish(store, 'me', first)
        self.assertEqual(2, outbox.count(store, sinks=['a']))
        self.assertEqual(5, outbox.count(store, sinks=['b']))

    def test_very_many_are_too_many(self):
        store = self.synced()
        for number in range(8):
            outbox.record(store, self.change('UP', 'DOWN', 'c%d' % number),
                          ['a'])
        stopped = threading.Event()
        stopped.set()
        self.assertEqual(
            0, outbox_retention.keep_newest(store, 'a', 1, stopped))
        with mock.patch.object(outbox_retention, 'DELETE_BATCH', 3):
            self.assertEqual(
                7, outbox_retention.keep_newest(store, 'a', 1, self.stop))
        self.assertEqual('c7', self.claimed(store).change.host)

    def test_learn_and_forget(self):
        store = self.synced()
        many = {'host%04d' % number: 'UP' for number in range(250)}
        known_status.insert_missing(store, 'cell1', many)
        known_status.insert_missing(store, 'cell1',
                                    {'host0000': 'DOWN', 'Host0000': 'UP'})
        known = known_status.read(store, 'cell1')
        self.assertEqual(251, len(known))
        self.assertEqual({('UP', 1)}, {(entry.status, entry.version)
                                       for entry in known.values()})
        known_status.delete(store, 'cell2', many)
        known_status.delete(store, 'cell1', many)
        self.assertEqual(['Host0000'],
                         list(known_status.read(store, 'cell1')))
        self.assertEqual(0, outbox.count(store))

    def test_many_write_down_and_take_at_once(self):
        """Each through connections of its own, as processes do."""
        self.synced()
        stores = [self.open() for _ in range(4)]
        barrier = threading.Barrier(len(stores), timeout=30)
        errors, taken = [], []
        statuses = ['UP', 'DOWN'] * 5

        def work(store, number):
            try:
                for step, (old, new) in enumerate(
                        itertools.pairwise(statuses)):
                    barrier.wait()
                    # Two of them have seen the same.
                    outbox.record(store, self.change(
                        old, new, 'compute%d' % (number // 2),
                        request_id='req-%d' % step), ['a'])
                while owed := outbox_lease.claim(store, 'w%d' % number, ['a']):
                    taken.append(owed)
                    outbox_lease.finish(store, 'w%d' % number, owed)
            except Exception as error:
                barrier.abort()
                errors.append(error)

        self.at_once(work, stores)
        self.assertEqual([], errors)
        # One that found nothing free may have ended while another had some.
        taken += self.outbox_of(stores[0])
        for host in ('compute0', 'compute1'):
            self.assertEqual(
                statuses[1:],
                # By their numbers it is not: SQLite begins anew when all were
                # taken out.
                [owed.change.new for owed in sorted(
                    taken, key=lambda owed: str(owed.change.request_id))
                 if owed.change.host == host])
