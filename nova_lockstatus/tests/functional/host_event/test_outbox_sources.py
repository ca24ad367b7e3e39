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

"""Each status change is announced once, whoever notices it."""

import datetime
import random
import threading
import time
from unittest import mock

import fixtures
from nova import servicegroup
from nova.conf import CONF
from nova.db.main import models
from oslo_utils import timeutils
from testtools import content

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures.host_status_case import HOSTS
from nova_lockstatus.tests.fixtures.outbox_case import OutboxTestCase
from nova_lockstatus.tests.fixtures.outbox_case import Watch


class SourcesTestCase(OutboxTestCase):

    def test_a_call(self):
        self.put('compute1', forced_down=True)
        self.assertEqual([('s1', 'UP', 'DOWN')], self.told())
        self.assertEqual({'compute1': 'DOWN'}, self.known())
        self.assertOutboxIsEmpty()
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
        self.assertOutboxIsEmpty()

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
        self.assertOutboxIsEmpty()

    def heartbeat(self, host, **ago):
        self.set_service(host, last_seen_up=timeutils.utcnow()
                         - datetime.timedelta(**ago))

    def other_watch(self):
        """Make one that waits twice as long for a heartbeat."""
        self.set_times(service_down_time=2 * CONF.service_down_time)
        return Watch()

    def set_times(self, **values):
        """Change options that the Nova of the class has set, too."""
        for name, value in values.items():
            self.addCleanup(CONF.set_override, name, CONF[name])
            CONF.set_override(name, value)

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

    def test_outage(self):
        """Hosts that could not report, and one that has died meanwhile."""
        self.set_times(service_down_time=4, report_interval=1)
        watch = Watch()
        for host in HOSTS:
            self.heartbeat(host)
        watch.look()
        silent_until = time.monotonic() + 6
        while time.monotonic() < silent_until:
            watch.look()
            time.sleep(0.1)
        self.assertEqual([], self.told())
        returned_at = time.monotonic()
        deadline = returned_at + 60
        while not self.told():
            self.assertLess(time.monotonic(), deadline, self.nova.log)
            for host in HOSTS[1:]:
                self.heartbeat(host)
            watch.look()
            time.sleep(0.1)
        self.assertEqual([('s1', 'UP', 'UNKNOWN')], self.told())
        self.assertGreater(time.monotonic() - returned_at, 3.5)
        self.assertIn('No host has reported for', self.nova.log)

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
                self.assertEqual(0, self.watch.monitor.interval)
                self.assertEqual(0, self.watch.announced.interval)
                with base.statements() as executed:
                    self.watch.monitor.run(self.watch.stop)
                self.assertEqual([], executed)
            finally:
                CONF.clear_override(option, group=group)
        self.assertEqual(0.5, self.watch.monitor.interval)
        self.assertEqual(0.5, self.watch.announced.interval)
