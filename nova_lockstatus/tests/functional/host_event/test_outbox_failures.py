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

"""What is announced where there is a store: all of it, and each once."""

import contextlib
import dataclasses
import datetime
import random
import threading
import time
import uuid
from unittest import mock

import fixtures
from nova import servicegroup
from nova.conf import CONF
from nova.db.main import models
from oslo_utils import timeutils
from testtools import content

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import known_status
from nova_lockstatus.db import migration
from nova_lockstatus.db import outbox
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import outbox_publisher
from nova_lockstatus.events import retention
from nova_lockstatus.events.notifications import host_status
from nova_lockstatus.gateway import instances
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import hanging_cell
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.functional.host_event import (
    test_calls as test_host_change,
)
from nova_lockstatus.tests.functional.host_status import test_host_status
from nova_lockstatus.watch import host_status as host_status_monitor
from nova_lockstatus.watch import notification_relay

HOSTS = test_host_status.HOSTS

AWAY = exception.StoreUnreachable(reason='it is away')


class Watch:
    """What one nova-lockstatus-watch does about hosts."""

    def __init__(self):
        self.store = database.open_store(CONF)
        self.announced = notification_relay.NotificationRelay(CONF, self.store)
        self.look_at_hosts = host_status_monitor.HostStatusMonitor(
            CONF, self.store, self.announced)
        self.stop = threading.Event()

    def look(self):
        """Look once, and announce what is seen."""
        self.announced.run(self.stop)
        self.look_at_hosts.run(self.stop)
        self.work()

    def work(self):
        """Announce what nobody does."""
        self.announced.run(self.stop)
        assert self.announced.outbox.wait(60)


class OutboxTestCase(test_host_change.AnnouncementsTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, host in enumerate(HOSTS):
            cls.nova.boot_server('s%d' % (number + 1), host=host)

    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        CONF.set_override('connection', 'sqlite:///%s/store.sqlite' % folder,
                          group='lockstatus')
        self.addCleanup(CONF.clear_override, 'connection',
                        group='lockstatus')
        # What looks or tells is done when it returns, however busy the
        # machine is.
        for where in ('watch.host_status.CELLS_TIMEOUT',
                      'events.relay.SHARED_SECONDS'):
            self.useFixture(fixtures.MonkeyPatch(
                'nova_lockstatus.' + where, 30))
        self.store = database.open_store(CONF)
        migration.sync(self.store)
        self.app = base.load_app()
        self.watch = Watch()
        self.reset()

    def call(self, method, path, body=None, microversion='2.53'):
        answer = base.ask(self.app, method, '/v2.1/os-services' + path,
                          'admin', microversion, body)
        self.assertEqual(200, answer.status_code, answer.text)
        return answer.json

    def put(self, host, microversion='latest', **body):
        found = self.call('GET', '?binary=nova-compute&host=' + host)
        self.call('PUT', '/' + found['services'][0]['id'], body)

    def silence(self, host):
        self.set_service(host, last_seen_up=timeutils.utcnow()
                         - datetime.timedelta(hours=3))

    def known(self):
        return {host: entry.status
                for cell in self.nova.services.cell_mappings.values()
                for host, entry in known_status.read(
                    self.store, cell.uuid).items()}

    def calm(self):
        # No call: nobody is to be told of that.
        for host in HOSTS:
            self.set_service(host, forced_down=False, disabled=False)
        self.wait()

    def fill(self, sink, hosts, age=0, cell=None):
        """Write down that hosts have changed which nobody has looked at."""
        for host in hosts:
            outbox.record(self.store, host_event.StatusChange(
                id=str(uuid.uuid4()),
                cell=cell or self.nova.services.cell_mappings['cell1'].uuid,
                host=host, old='UP', new='DOWN',
                changed_at=timeutils.utcnow(with_timezone=True)
                - datetime.timedelta(seconds=age)), [sink])

    def assertNothingIsOwed(self):
        self.assertEqual(0, outbox.count(self.store))


class SourcesTestCase(OutboxTestCase):

    def test_a_call(self):
        self.put('compute1', forced_down=True)
        self.assertEqual([('s1', 'UP', 'DOWN')], self.told())
        self.assertEqual({'compute1': 'DOWN'}, self.known())
        self.assertNothingIsOwed()
        # It is known already.
        self.watch.look()
        self.assertEqual([('s1', 'UP', 'DOWN')], self.told())
        sent, = self.versioned()
        self.assertEqual('nova-api:' + CONF.host, sent['publisher_id'])
        data = sent['payload']['nova_object.data']
        self.assertTrue(data['request_id'].startswith('req-'))

    def test_what_no_call_changes(self):
        self.watch.look()
        self.assertEqual([], self.told())
        self.assertEqual(dict.fromkeys(HOSTS, 'UP'), self.known())
        self.silence('compute2')
        self.set_service('compute3', disabled=True)
        self.watch.look()
        self.watch.look()
        self.assertEqual(
            [('s2', 'UP', 'UNKNOWN'), ('s3', 'UP', 'MAINTENANCE')],
            sorted(self.told()))
        self.assertEqual({'nova-lockstatus-watch:' + CONF.host},
                         {sent['publisher_id'] for sent in self.versioned()})
        self.assertEqual(
            {'nova-lockstatus-watch.' + CONF.host},
            {sent.publisher_id for sent in self.unversioned()})
        self.reset()
        self.set_service('compute2', last_seen_up=timeutils.utcnow())
        self.watch.look()
        self.assertEqual([('s2', 'UNKNOWN', 'UP')], self.told())
        self.assertNothingIsOwed()

    def test_lost_heartbeat_and_then_a_call(self):
        """The call comes before anybody has looked."""
        self.watch.look()
        self.silence('compute1')
        self.put('compute1', forced_down=True)
        # The chain of what was announced has no gap.
        self.assertEqual([('s1', 'UP', 'DOWN')], self.told())
        self.watch.look()
        self.put('compute1', forced_down=False)
        self.watch.look()
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s1', 'DOWN', 'UNKNOWN')],
                         self.told())

    def test_several_look_at_the_same_time(self):
        watches = [Watch() for _ in range(4)]
        for watch in watches:
            watch.look()
        barrier = threading.Barrier(len(watches), timeout=30)

        def look(watch):
            barrier.wait()
            watch.look()

        for change in ({'forced_down': True}, {'forced_down': False},
                       {'disabled': True}, {'disabled': False}):
            for host in HOSTS:
                self.set_service(host, **change)
            threads = [threading.Thread(target=look, args=(watch,))
                       for watch in watches]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for number in range(1, 5):
            name = 's%d' % number
            self.assertEqual(
                [(name, 'UP', 'DOWN'), (name, 'DOWN', 'UP'),
                 (name, 'UP', 'MAINTENANCE'), (name, 'MAINTENANCE', 'UP')],
                [told for told in self.told() if told[0] == name])
        self.assertNothingIsOwed()

    def heartbeat(self, host, **ago):
        self.set_service(host, last_seen_up=timeutils.utcnow()
                         - datetime.timedelta(**ago))

    def other_watch(self):
        """Make one that waits twice as long for a heartbeat."""
        self.configure(None, service_down_time=2 * CONF.service_down_time)
        return Watch()

    def assertOneIsDown(self, *watches):
        """See that what they find of a dead host is told once."""
        for _ in range(2):
            for watch in watches:
                watch.look()
        self.assertEqual([('s1', 'UP', 'UNKNOWN')], self.told())
        self.assertEqual('UNKNOWN', self.known()['compute1'])
        self.reset()

    def test_watches_with_another_down_time(self):
        self.watch.look()
        self.silence('compute1')
        other = self.other_watch()
        self.assertOneIsDown(self.watch, other)
        # And so after a restart.
        Watch().look()
        self.assertEqual([], self.told())
        # The first heartbeat is enough, for whoever looks first.
        self.heartbeat('compute1')
        other.look()
        self.assertEqual([('s1', 'UNKNOWN', 'UP')], self.told())

    def test_watches_with_another_clock(self):
        behind = datetime.timedelta(hours=2)
        self.watch.look()
        self.silence('compute1')
        self.watch.look()
        other, now = Watch(), timeutils.utcnow
        with mock.patch.object(timeutils, 'utcnow',
                               lambda *args, **kwargs:
                               now(*args, **kwargs) - behind):
            other.look()
            other.look()
        self.assertOneIsDown(self.watch, other)

    def test_heartbeats_of_a_clock_that_is_behind(self):
        """The second one tells that it is alive."""
        self.watch.look()
        self.heartbeat('compute1', hours=3)
        self.assertOneIsDown(self.watch)
        self.heartbeat('compute1', hours=1.9)
        self.watch.look()
        self.watch.look()
        self.assertEqual([], self.told())
        self.heartbeat('compute1', hours=1.8)
        self.watch.look()
        self.assertEqual([('s1', 'UNKNOWN', 'UP')], self.told())

    def test_host_that_has_never_reported(self):
        self.watch.look()
        many_hosts.execute(
            self.nova, 'cell1', models.Service.__table__.update().where(
                models.Service.host == 'compute1').values(
                    created_at=timeutils.utcnow()
                    - datetime.timedelta(hours=3)))
        self.set_service('compute1', last_seen_up=None)
        self.assertOneIsDown(self.watch, self.other_watch())

    def test_heartbeats_in_memcached(self):
        """Those in the database are none, then."""
        self.configure(None, servicegroup_driver='mc')
        self.configure(
            'cache', enabled=True, memcache_servers=['localhost:11211'],
            backend='dogpile.cache.dbm', backend_argument=[
                'filename:%s/cache.dbm'
                % self.useFixture(fixtures.TempDir()).path])
        memcached = servicegroup.API()._driver.mc
        for host in HOSTS:
            memcached.set('compute:' + host, timeutils.utcnow())
            self.silence(host)
        watch = Watch()
        watch.look()
        memcached.delete('compute:compute1')
        self.assertOneIsDown(watch)
        memcached.set('compute:compute1', timeutils.utcnow())
        watch.look()
        self.assertEqual([('s1', 'UNKNOWN', 'UP')], self.told())

    def test_random_changes(self):
        """What is announced is what has happened, whoever makes it happen."""
        seed = random.randrange(2 ** 32)
        self.addDetail('seed', content.text_content(str(seed)))
        choose = random.Random(seed)
        watches = [Watch(), Watch()]
        for watch in watches:
            watch.look()
        expected = {host: ['UP'] for host in HOSTS}
        state = {host: {'forced_down': False, 'disabled': False,
                        'silent': False} for host in HOSTS}
        for _ in range(60):
            host = choose.choice(HOSTS)
            what = choose.choice(('forced_down', 'disabled', 'silent'))
            value = state[host][what] = not state[host][what]
            if what == 'silent':
                if value:
                    self.silence(host)
                else:
                    self.set_service(host, last_seen_up=timeutils.utcnow())
                choose.choice(watches).look()
            elif choose.random() < 0.3:
                self.set_service(host, **{what: value})
                choose.choice(watches).look()
            elif what == 'forced_down':
                self.put(host, forced_down=value)
            else:
                self.put(host, status='disabled' if value else 'enabled')
            if choose.random() < 0.3:
                choose.choice(watches).look()
            status = ('DOWN' if state[host]['forced_down'] else
                      'MAINTENANCE' if state[host]['disabled'] else
                      'UNKNOWN' if state[host]['silent'] else 'UP')
            if status != expected[host][-1]:
                expected[host].append(status)
        for watch in watches:
            watch.look()
        self.wait()
        for number, host in enumerate(HOSTS):
            name = 's%d' % (number + 1)
            self.assertEqual(
                list(zip(expected[host], expected[host][1:], strict=False)),
                [told[1:] for told in self.told() if told[0] == name])
        ids = [data['id'] for data in self.payloads()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_hosts_that_come_and_go(self):
        self.watch.look()
        self.addCleanup(self.delete_service, 0)
        self.delete_service(1)
        self.watch.look()
        self.assertEqual(set(HOSTS) - {'compute1'}, set(self.known()))
        self.delete_service(0)
        self.watch.look()
        self.assertEqual(set(HOSTS), set(self.known()))
        self.assertEqual([], self.told())

    def delete_service(self, deleted):
        many_hosts.execute(
            self.nova, 'cell1', models.Service.__table__.update().where(
                models.Service.host == 'compute1').values(deleted=deleted))

    def test_nobody_is_told(self):
        for group, option, value in (
                ('oslo_messaging_notifications', 'driver', []),
                ('lockstatus', 'announce_host_status', False)):
            CONF.set_override(option, value, group=group)
            try:
                self.assertEqual(0, self.watch.look_at_hosts.interval)
                self.assertEqual(0, self.watch.announced.interval)
                with base.statements() as executed:
                    self.watch.look_at_hosts.run(self.watch.stop)
                self.assertEqual([], executed)
            finally:
                CONF.clear_override(option, group=group)
        self.assertEqual(0.5, self.watch.look_at_hosts.interval)
        self.assertEqual(0.5, self.watch.announced.interval)


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

        def die(store, owner, owed, last_server):
            note(store, owner, owed, last_server)
            raise Killed

        with mock.patch.object(
            outbox_lease, 'checkpoint', die), mock.patch.object(
                threading, 'excepthook'):
            self.put('compute1', forced_down=True)
            self.wait()
        self.assertEqual(2, len(self.told()))
        self.watch.work()
        self.assertEqual(2, len(self.told()))
        self.later(outbox_lease.LEASE + 1)
        self.watch.work()
        self.assertEqual(
            ['more0', 'more1', 'more2', 'more3', 's1'],
            sorted(told[0] for told in self.told()))
        _change, = {data['change_id'] for data in self.payloads()}
        self.assertNothingIsOwed()

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
        def fail(store, making=False):
            if away.is_set():
                raise AWAY
            with connect(store, making) as connection:
                yield connection

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.db.database.Store.connect', fail))
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.relay.PAUSE_MAX', 0.2))
        start = time.monotonic()
        for down in (True, False, True):
            self.put('compute1', forced_down=down)
        # Only the first call waits.
        # One that announces after its answers waits then, too.
        self.assertLess(
            time.monotonic() - start,
            outbox_publisher.RECORD_TIMEOUT
            + 3 * outbox_publisher.OutboxPublisher.patience + 1)
        self.watch.look()
        self.set_service('compute2', forced_down=True)
        self.watch.look()
        self.assertNotIn(test_host_change.EVENT, [
            sent['event_type'] for sent in
            self.nova.services.notifier.versioned_notifications])
        away.clear()
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s1', 'DOWN', 'UP'),
                          ('s1', 'UP', 'DOWN')], self.told())
        self.watch.look()
        self.assertIn(('s2', 'UP', 'DOWN'), self.told())
        self.assertNothingIsOwed()
        self.assertIn('is not written down, and waits', self.nova.log)

    def test_store_that_is_away_again(self):
        announced = self.watch.announced.outbox
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
        """Assert that something is told, without waiting for the rest."""
        began = time.monotonic()
        sent = self.nova.services.notifier.versioned_notifications
        while not any(one['event_type'] == test_host_change.EVENT
                      for one in sent):
            self.assertLess(time.monotonic() - began, 1.5)
            time.sleep(0.01)

    def test_cell_that_is_away(self):
        self.watch.look()
        with base.failing('instances'):
            self.put('compute1', forced_down=True)
            self.put('compute2', forced_down=True)
            # Who has written it down comes back to it, and others can.
            deadline = time.monotonic() + 30
            while ('It was not announced to the end that host compute2'
                   not in self.nova.log):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s2', 'UP', 'DOWN')],
                         sorted(self.told()))
        self.assertNothingIsOwed()

    def test_call_while_a_cell_is_waited_for(self):
        self.watch.look()
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.relay.PAUSE', 5))

        deadline = time.monotonic() + 30
        with base.failing('instances'):
            self.put('compute3', forced_down=True)
            while ('It was not announced to the end that host compute3'
                   not in self.nova.log):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
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

    def test_cell_that_hangs(self):
        """Its announcements are tried again, and the other cell's go on."""
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.gateway.instances.CELL_TIMEOUT', 0.2))
        watch = Watch()
        watch.look()
        cell = self.useFixture(hanging_cell.HangingCell(
            self.nova, 'cell1', 'FROM instances'))
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
            'nova_lockstatus.events.relay.SHARED_SECONDS', 0.25))
        watch = Watch()
        watch.look()
        cell = self.useFixture(hanging_cell.HangingCell(
            self.nova, 'cell1', 'FROM instances'))
        for host in ('compute1', 'compute3', 'compute2'):
            self.set_service(host, forced_down=True)
        watch.look_at_hosts.run(watch.stop)
        self.assert_told_soon()
        cell.answer()
        self.assertEqual(('s2', 'UP', 'DOWN'), self.told()[0])
        self.assertTrue(watch.announced.outbox.wait(30))
        self.assertEqual({('s1', 'UP', 'DOWN'), ('s3', 'UP', 'DOWN')},
                         set(self.told()[1:]))
        self.assertNothingIsOwed()

    def test_cell_that_is_not_there_any_more(self):
        log_before = len(self.nova.log)
        self.fill('notifications', ['compute1'], cell=str(uuid.uuid4()))
        self.watch.work()
        self.assertNothingIsOwed()
        said = self.nova.log[log_before:]
        self.assertEqual(1, said.count('is not there any more'))
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
        self.assertIn('notifications: 1 changes of hosts are not told: they '
                      'are more than 86400 s ago.', self.nova.log)

    def test_on_again_before_anybody_has_given_up(self):
        self.fill('notifications', ['compute1'], 86401)
        self.fill('notifications', ['compute3'], 86300)
        self.watch.work()
        self.assertEqual([('s3', 'UP', 'DOWN')], self.told())
        self.assertNothingIsOwed()
        self.assertIn('It is not announced that host compute1 is DOWN',
                      self.nova.log)

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
        self.watch.look_at_hosts.run(self.watch.stop)
        while not first:
            time.sleep(0.01)
        self.assertIsNone(outbox_lease.claim(
            self.store, 'other', ['notifications']))
        # It cannot finish in time.
        self.watch.announced.outbox.shutdown(0.1)
        owed = outbox_lease.claim(self.store, 'other', ['notifications'])
        self.assertEqual('DOWN', owed.change.new)
        outbox_lease.release(self.store, 'other')
        # It can: after what is under way, the rest is another's.
        other = Watch()
        other.announced.outbox.wake()
        while len(first) < 2:
            time.sleep(0.01)
        threading.Timer(0.1, goes_on.set).start()
        other.announced.outbox.shutdown(30)
        self.assertEqual(1, outbox.count(self.store))
        owed = outbox_lease.claim(self.store, 'third', ['notifications'])
        self.assertGreater(owed.last_server, 0)

    def test_store_and_broker_are_away_for_one_process(self):
        """What it has not sent when another takes over, it does not send."""
        self.useFixture(fixtures.MockPatchObject(outbox_lease, 'LEASE', 1))
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
        self.watch.look_at_hosts.run(self.watch.stop)
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
        self.assertNothingIsOwed()

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


class CostTestCase(OutboxTestCase):

    def test_statements_of_a_look(self):
        # Now it knows the hosts, and then that nobody else has changed them.
        self.watch.look()
        self.watch.look()
        with base.statements() as executed:
            self.watch.look_at_hosts.run(self.watch.stop)
        self.assertEqual(2, len(executed), executed)
        for statement in executed:
            self.assertIn('FROM services', statement)

    def test_thousand_hosts(self):
        added = ['host%04d' % number for number in range(1000)]
        table = models.Service.__table__
        many_hosts.insert(self.nova, 'cell1', models.Service, [
            {'host': host, 'binary': 'nova-compute', 'topic': 'compute',
             'report_count': 1, 'disabled': False, 'forced_down': False,
             'deleted': 0, 'last_seen_up': timeutils.utcnow()}
            for host in added])
        self.addCleanup(many_hosts.execute, self.nova, 'cell1',
                        table.delete().where(table.c.host.in_(added)))
        self.watch.look()
        self.watch.look()
        self.assertEqual(1004, len(self.known()))
        times = []
        with base.statements() as executed:
            for _ in range(5):
                start = time.process_time()
                self.watch.look_at_hosts.run(self.watch.stop)
                times.append(time.process_time() - start)
        self.assertEqual(10, len(executed))
        self.assertLess(min(times), 0.05)
        self.assertEqual(500, instances.PAGE_SIZE)
