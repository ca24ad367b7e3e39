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

"""The outbox loses and repeats nothing when a process or a database fails."""

import contextlib
import dataclasses
import datetime
import re
import threading
import time
import uuid
from unittest import mock

import fixtures
from nova.conf import CONF

from nova_lockstatus import exception
from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import migration
from nova_lockstatus.db import outbox
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import outbox_publisher
from nova_lockstatus.events import retention
from nova_lockstatus.events.notifications import host_status
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import hanging_cell
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fixtures.host_event_case import EVENT
from nova_lockstatus.tests.fixtures.outbox_case import OutboxTestCase
from nova_lockstatus.tests.fixtures.outbox_case import Watch

AWAY = exception.StoreUnreachable(reason='it is away')


class FailuresTestCase(OutboxTestCase):

    def test_a_process_has_died_in_the_middle(self):
        for number in range(4):
            self.boot('more%d' % number, host='compute1')
        self.reset()
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.gateway.instances.PAGE_SIZE', 2))
        note = outbox_lease.checkpoint

        class Killed(BaseException):
            pass

        def die(store, owner, entry, last_server):
            note(store, owner, entry, last_server)
            raise Killed

        with mock.patch.object(
            outbox_lease, 'checkpoint', die), mock.patch.object(
                threading, 'excepthook'):
            self.put('compute1', forced_down=True)
            self.wait()
        self.assertEqual(2, len(self.told()))
        self.watch.work()
        self.assertEqual(2, len(self.told()))
        self.later(outbox_lease.LEASE_SECONDS + 1)
        self.watch.work()
        self.assertEqual(
            ['more0', 'more1', 'more2', 'more3', 's1'],
            sorted(told[0] for told in self.told()))
        _change, = {data['change_id'] for data in self.payloads()}
        self.assertOutboxIsEmpty()

    def later(self, seconds):
        now = clock.now
        self.useFixture(fixtures.MockPatchObject(
            clock, 'now',
            lambda: now() + datetime.timedelta(seconds=seconds)))

    def test_nobody_has_written_it_down(self):
        """nova-api dies between the two databases."""
        self.watch.look()
        with mock.patch.object(outbox_publisher.OutboxPublisher, 'publish'):
            self.put('compute1', forced_down=True)
        self.watch.look()
        self.assertEqual([('s1', 'UP', 'DOWN')], self.told())

    def test_the_store_remembers_what_is_no_more(self):
        """It has died so, and a second call was before the next look."""
        self.watch.look()
        self.put('compute1', forced_down=True)
        with mock.patch.object(outbox_publisher.OutboxPublisher, 'publish'):
            self.put('compute1', forced_down=False)
        self.watch.look()
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s1', 'DOWN', 'UP')],
                         self.told())

    def test_calls_that_overtake_each_other(self):
        record = outbox.record
        self.put('compute1', status='disabled')
        self.wait()
        self.reset()
        first = []

        def swap(store, change, wanted, version=None):
            if not first:
                # The other call is saved, and this one not written down.
                first.append(change)
                self.set_service('compute1', forced_down=True)
                return record(
                    store, dataclasses.replace(change, old='MAINTENANCE',
                                               new='DOWN'), wanted)
            return record(store, change, wanted, version)

        with mock.patch.object(outbox, 'record', swap):
            self.put('compute1', status='enabled')
            self.assertEqual([('s1', 'MAINTENANCE', 'DOWN')], self.told())
        self.assertEqual('MAINTENANCE', first[0].old)

    def test_store_that_is_away(self):
        self.watch.look()
        away = threading.Event()
        away.set()
        connect = database.Store.connect

        @contextlib.contextmanager
        def fail(store, create=False):
            if away.is_set():
                raise AWAY
            with connect(store, create) as connection:
                yield connection

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.db.database.Store.connect', fail))
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.outbox_relay.STORE_RETRY_MAX_SECONDS',
            0.2))
        took = []
        for down in (True, False, True):
            start = time.monotonic()
            self.put('compute1', forced_down=down)
            took.append(time.monotonic() - start)
        # Only the first call waits, however slow the machine is.
        self.assertGreaterEqual(took[0], outbox_publisher.RECORD_TIMEOUT)
        # One that announces after its answers waits then, too.
        self.assertLess(
            max(took[1:]), outbox_publisher.RECORD_TIMEOUT
            + outbox_publisher.OutboxPublisher.after_response_timeout)
        self.watch.look()
        self.set_service('compute2', forced_down=True)
        self.watch.look()
        self.assertNotIn(EVENT, [
            sent['event_type'] for sent in
            self.nova.services.notifier.versioned_notifications])
        away.clear()
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s1', 'DOWN', 'UP'),
                          ('s1', 'UP', 'DOWN')], self.told())
        self.watch.look()
        self.assertIn(('s2', 'UP', 'DOWN'), self.told())
        self.assertOutboxIsEmpty()
        self.assertIn('cannot be recorded and wait in memory', self.nova.log)

    def test_store_that_is_away_again(self):
        announced = self.watch.announced.publisher
        log_before = len(self.nova.log)
        for times in (1, 2):
            for _ in range(2):
                with store_databases.cut_off(self.watch.store):
                    announced.wake()
                    self.assertTrue(announced.wait(60))
            for _ in range(2):
                announced.wake()
                self.assertTrue(announced.wait(60))
            said = self.nova.log[log_before:]
            what = 'The outbox cannot be read: '
            self.assertEqual(times, said.count(what + 'StoreUnreachable'))
            self.assertEqual(times, said.count(what + 'works again.'))

    def assert_told_soon(self):
        """Assert that something is told, without waiting for the rest.

        That would take 5 seconds at the least.
        """
        began = time.monotonic()
        sent = self.nova.services.notifier.versioned_notifications
        while not any(one['event_type'] == EVENT
                      for one in sent):
            self.assertLess(time.monotonic() - began, 4.5)
            time.sleep(0.01)

    def wait_for_failure(self, host):
        deadline = time.monotonic() + 30
        while not re.search('The rest is tried again in .* s: host %s is '
                            % host, self.nova.log):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_cell_that_is_away(self):
        self.watch.look()
        with base.failing('instances'):
            self.put('compute1', forced_down=True)
            self.put('compute2', forced_down=True)
            # Who has written it down comes back to it, and others can.
            self.wait_for_failure('compute2')
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s2', 'UP', 'DOWN')],
                         sorted(self.told()))
        self.assertOutboxIsEmpty()

    def test_call_while_a_cell_is_waited_for(self):
        self.watch.look()
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.outbox_relay.STORE_RETRY_SECONDS', 5))
        with base.failing('instances'):
            self.put('compute3', forced_down=True)
            self.wait_for_failure('compute3')
        time.sleep(0.1)
        # The call ends when nothing is to be announced, or after a while.
        call = threading.Thread(target=self.put, args=('compute2',),
                                kwargs={'forced_down': True})
        call.start()
        self.addCleanup(call.join)
        self.assert_told_soon()
        call.join()
        self.assertEqual([('s2', 'UP', 'DOWN'), ('s3', 'UP', 'DOWN')],
                         sorted(self.told()))

    def watch_of_hanging_cell(self):
        """Return a watch, and a cell that hangs since the watch has looked."""
        watch = Watch()
        watch.look()
        return watch, self.useFixture(hanging_cell.HangingCell(
            self.nova, 'cell1', 'FROM instances'))

    def test_cell_that_hangs(self):
        """Its announcements are tried again, and the other cell's go on."""
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.gateway.instances.CELL_TIMEOUT', 0.2))
        watch, cell = self.watch_of_hanging_cell()
        for host in ('compute1', 'compute3', 'compute2'):
            self.set_service(host, forced_down=True)
            watch.look()
        self.assertEqual([('s2', 'UP', 'DOWN')], self.told())
        self.assertEqual(2, outbox.count(self.store))
        self.assertIn('CellTimeout', self.nova.log)
        # The second was not even asked for.
        self.assertEqual(1, cell.hanging)
        cell.answer()
        deadline = time.monotonic() + 30
        while outbox.count(self.store):
            self.assertLess(time.monotonic(), deadline)
            watch.work()
            time.sleep(0.05)
        self.assertEqual({('s1', 'UP', 'DOWN'), ('s3', 'UP', 'DOWN')},
                         set(self.told()[1:]))

    def test_cell_that_hangs_delays_no_other(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.outbox_relay.SHARED_SECONDS', 0.25))
        watch, cell = self.watch_of_hanging_cell()
        for host in ('compute1', 'compute3', 'compute2'):
            self.set_service(host, forced_down=True)
        watch.monitor.run(watch.stop)
        self.assert_told_soon()
        cell.answer()
        self.assertEqual(('s2', 'UP', 'DOWN'), self.told()[0])
        self.assertTrue(watch.announced.publisher.wait(30))
        self.assertEqual({('s1', 'UP', 'DOWN'), ('s3', 'UP', 'DOWN')},
                         set(self.told()[1:]))
        self.assertOutboxIsEmpty()

    def test_cell_that_is_not_there_any_more(self):
        log_before = len(self.nova.log)
        self.fill('notifications', ['compute1'], cell=str(uuid.uuid4()))
        self.watch.work()
        self.assertOutboxIsEmpty()
        said = self.nova.log[log_before:]
        self.assertEqual(1, said.count('Nova has its cell'))
        self.assertNotIn('Traceback', said)

    def test_notifications_were_off_for_long(self):
        """What is owed since a day is told neither then nor later."""
        self.fill('notifications', ['compute1'], 86401)
        self.fill('notifications', ['compute3'], 86300)
        CONF.set_override('announce_host_status', False, group='lockstatus')
        self.addCleanup(CONF.clear_override, 'announce_host_status',
                        group='lockstatus')
        retention.OutboxRetention(CONF, self.store).run(self.watch.stop)
        self.assertEqual(1, outbox.count(self.store))
        self.assertIn('Events are given up, as they are more than 86400 s '
                      'old: 1 for notifications.', self.nova.log)

    def test_on_again_before_anybody_has_given_up(self):
        self.fill('notifications', ['compute1'], 86401)
        self.fill('notifications', ['compute3'], 86300)
        self.watch.work()
        self.assertEqual([('s3', 'UP', 'DOWN')], self.told())
        self.assertOutboxIsEmpty()
        self.assertIn('The host compute1 is DOWN, and no notification is '
                      'sent', self.nova.log)

    def test_end_hands_over(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.gateway.instances.PAGE_SIZE', 1))
        self.boot('another', host='compute1')
        self.watch.look()
        self.reset()
        send, first = host_status.Sender.send, []
        goes_on = threading.Event()

        def wait(sender, server):
            send(sender, server)
            first.append(server)
            goes_on.wait(30)

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.notifications.host_status.Sender.send',
            wait))
        self.set_service('compute1', forced_down=True)
        self.watch.monitor.run(self.watch.stop)
        while not first:
            time.sleep(0.01)
        self.assertIsNone(outbox_lease.claim(
            self.store, 'other', ['notifications']))
        # It cannot finish in time.
        self.watch.announced.publisher.shutdown(0.1)
        entry = outbox_lease.claim(self.store, 'other', ['notifications'])
        self.assertEqual('DOWN', entry.change.new)
        outbox_lease.release(self.store, 'other')
        # It can: after what is under way, the rest is another's.
        other = Watch()
        other.announced.publisher.wake()
        while len(first) < 2:
            time.sleep(0.01)
        threading.Timer(0.1, goes_on.set).start()
        other.announced.publisher.shutdown(30)
        self.assertEqual(1, outbox.count(self.store))
        entry = outbox_lease.claim(self.store, 'third', ['notifications'])
        self.assertGreater(entry.last_server, 0)

    def test_store_and_broker_are_away_for_one_process(self):
        """What it has not sent when another takes over, it does not send."""
        self.useFixture(fixtures.MockPatchObject(
            outbox_lease, 'LEASE_SECONDS', 1))
        for number in range(2):
            self.boot('more%d' % number, host='compute1')
        self.watch.look()
        self.reset()
        send, first = host_status.Sender.send, []
        goes_on = threading.Event()
        self.addCleanup(goes_on.set)

        def wait(sender, server):
            if not first:
                first.append(server)
                goes_on.wait(30)
            send(sender, server)

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.notifications.host_status.Sender.send',
            wait))
        self.set_service('compute1', forced_down=True)
        self.watch.monitor.run(self.watch.stop)
        while not first:
            time.sleep(0.01)
        other = Watch()
        with store_databases.cut_off(self.watch.store):
            deadline = time.monotonic() + 30
            while outbox.count(self.store):
                self.assertLess(time.monotonic(), deadline)
                other.look()
                time.sleep(0.05)
            self.set_service('compute1', forced_down=False)
            other.look()
            goes_on.set()
            time.sleep(0.05)
        self.watch.work()
        names = {'s1', 'more0', 'more1'}
        told = self.told()
        self.assertEqual({(name, 'UP', 'DOWN') for name in names},
                         set(told[:3]))
        self.assertEqual({(name, 'DOWN', 'UP') for name in names},
                         set(told[3:6]))
        # What the broker had from it already.
        self.assertEqual([('s1', 'UP', 'DOWN')], told[6:])
        self.assertOutboxIsEmpty()

    def test_store_without_tables(self):
        CONF.set_override('connection', 'sqlite:///%s/empty.sqlite'
                          % self.useFixture(fixtures.TempDir()).path,
                          group='lockstatus')
        self.app = base.load_app()
        self.assertIn('nova-lockstatus db sync', self.nova.log)
        self.put('compute1', forced_down=True)
        self.assertEqual([('s1', 'UP', 'DOWN')], self.told())
        # Without another start:
        self.store = database.open_store(CONF)
        migration.sync(self.store)
        self.put('compute1', forced_down=False)
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s1', 'DOWN', 'UP')],
                         self.told())
        self.assertEqual({'compute1': 'UP'}, self.known())

    def test_store_that_cannot_be_opened(self):
        """nova-api starts and announces what its calls change, once."""
        for number, (url, words) in enumerate((
                ('mysql+pymysql://me:secret@127.0.0.1', 'names no database'),
                ('mysql+pymysql://me:secret@h/x?foo=bar', 'parameter foo'),
                ('mysql+pymysql://me:se$cret@127.0.0.1/x', 'dollar sign'),
                ('sqlite:////tmp/x?timeout=abc', 'parameter timeout'))):
            with fixtures.MonkeyPatch(
                    'nova_lockstatus.events.publisher._SHARED', {}):
                CONF.set_override('connection', url, group='lockstatus')
                log_before = len(self.nova.log)
                self.app = base.load_app()
                line, = [line for line in
                         self.nova.log[log_before:].splitlines()
                         if 'starts without a database' in line]
                self.assertIn(' ERROR ', line)
                self.assertIn('[lockstatus]connection cannot be used: ', line)
                self.assertIn(words, line)
                self.assertNotIn('cret', line)
                self.put('compute1', forced_down=number % 2 == 0)
                self.assertEqual(number + 1, len(self.told()))

    def test_store_of_a_newer_release(self):
        """A rolling upgrade: each change is announced under one id."""
        with self.store.connect() as connection:
            for statement in (
                    "UPDATE lockstatus_alembic_version "
                    "SET version_num = '9999'",
                    'ALTER TABLE announcements ADD COLUMN newer INTEGER '
                    'NOT NULL DEFAULT 7',
                    'ALTER TABLE host_statuses ADD COLUMN newer INTEGER'):
                connection.exec_driver_sql(statement)
        self.watch.look()
        with fixtures.MonkeyPatch(
                'nova_lockstatus.events.publisher._SHARED', {}):
            self.app = base.load_app()
            self.assertIn('(9999, and this one knows', self.nova.log)
            self.put('compute1', forced_down=True)
            # Whichever is first, the other finds it recorded.
            self.watch.look()
            self.assertEqual([('s1', 'UP', 'DOWN')], self.told())
            _change, = {data['change_id'] for data in self.payloads()}
        self.assertOutboxIsEmpty()
