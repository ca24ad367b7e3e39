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

"""Each server's owner hears of its host, whatever is away meanwhile."""

import collections
import datetime
import itertools
import os
import random
import signal
import sys
import threading
import time

from testtools import content

from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.integration.cloud import case
from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import listener
from nova_lockstatus.tests.integration.cloud import nova
from nova_lockstatus.tests.integration.cloud import nova_config
from nova_lockstatus.tests.integration.cloud import rows

HOSTS = {'compute1': 'cell1', 'compute2': 'cell2'}

MANY = 1200

# What takes seconds to tell, so that it is the middle where it is cut off.
VERY_MANY = 3000

WATCHES = ('watch-1', 'watch-2')

LISTEN = (repository.DOC / 'source' /
          'notifications' / 'listen.py')


class AnnounceTestCase(case.CloudTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.names = {host: [] for host in HOSTS}
        for host, cell in HOSTS.items():
            for number in range(2):
                name = '%s-%d' % (host, number)
                cls.boot(name, cell=cell)
                cls.names[host].append(name)
        for name in WATCHES:
            cls.cloud.nova.start_watch(name)
            cls.addClassCleanup(cls.cloud.nova.stop_watch, name)
        for name in WATCHES:
            cls.cloud.processes.wait_for_log(name, 'is running')

    def setUp(self):
        super().setUp()
        self.listener = listener.Listener(engines.transport_url(
            self.cloud.name + 'top'))
        self.addCleanup(self.listener.stop)
        self.versioned = self.listener.heard[listener.EVENT]
        self.unversioned = self.listener.heard[listener.OLD_EVENT]
        self.addCleanup(self.calm)
        # Whatever was sent before is not this test's.
        time.sleep(0.3)
        self.wait_for('the hosts are known', lambda: sorted(
            engines.select(self.cloud.name + 'store',
                           "SELECT host FROM host_statuses "
                           "WHERE status = 'UP'")) == sorted(HOSTS))
        self.reset()

    def reset(self):
        self.seen = {name: self.cloud.processes.log(name)
                     for name in WATCHES}
        self.listener.forget()

    def stop(self, name, with_signal=signal.SIGTERM):
        """Stop one of the watches until the test ends."""
        self.cloud.nova.stop_watch(name, with_signal)
        self.addCleanup(self.cloud.processes.wait_for_log, name, 'is running')
        self.addCleanup(self.cloud.nova.start_watch, name)

    def found_by(self, status):
        """Return which of them has seen that a host is of a status."""
        name, = [name for name in WATCHES
                 if self.cloud.processes.log(name).count('is ' + status)
                 > self.seen[name].count('is ' + status)]
        return name

    def calm(self):
        for host in HOSTS:
            self.force_down(host, False)
            self.set_status(host, 'enabled')
        self.wait_until_told()

    def wait_for(self, what, condition, timeout=60):
        return self.cloud.processes.wait_for(what, condition, timeout)

    def wait_until_told(self):
        self.wait_for('nothing is owed', lambda: not any(
            engines.select(self.cloud.name + 'store',
                           'SELECT count(*) FROM announcements')))
        time.sleep(0.3)

    def put(self, host, **body):
        service, = self.call(
            'GET', '/v2.1/os-services?binary=nova-compute&host=' + host,
            'admin', microversion='2.53').json()['services']
        self.call('PUT', '/v2.1/os-services/' + service['id'], 'admin', body,
                  '2.53')

    def force_down(self, host, value=True):
        self.put(host, forced_down=value)

    def set_status(self, host, value):
        self.put(host, status=value)

    def set_row(self, host, values):
        """Change a host as nova-manage could, without any call."""
        engines.execute(
            self.cloud.name + HOSTS[host],
            "UPDATE services SET %s WHERE host = '%s' "
            "AND services.binary = 'nova-compute'" % (values, host))

    def told(self, host):
        """Return what each server of a host was told, in the order."""
        return {name: [
            (data['old_host_status'], data['host_status'])
            for _, _, data in self.versioned
            if data['display_name'] == name] for name in self.names[host]}

    def assertTold(self, host, *statuses):
        expected = list(itertools.pairwise(statuses))
        self.assertEqual(dict.fromkeys(self.names[host], expected),
                         self.told(host))

    def wait_for_status(self, host, status, timeout=60):
        self.wait_for(
            '%s is told to be %s' % (host, status),
            lambda: all(changes and changes[-1][1] == status
                        for changes in self.told(host).values()), timeout)

    def wait_for_changes(self, host, count):
        self.wait_for(
            '%d changes of %s are told' % (count, host),
            lambda: all(len(changes) >= count
                        for changes in self.told(host).values()))

    def test_each_change(self):
        calls = (
            ('DOWN', lambda: self.force_down('compute1')),
            ('UP', lambda: self.force_down('compute1', False)),
            ('MAINTENANCE', lambda: self.set_status('compute1', 'disabled')),
            ('UP', lambda: self.set_status('compute1', 'enabled')),
            ('MAINTENANCE', lambda: self.call(
                'PUT', '/v2/os-services/disable-log-reason', 'admin',
                {'host': 'compute1', 'binary': 'nova-compute',
                 'disabled_reason': 'disk'})),
            ('UP', lambda: self.call(
                'PUT', '/v2/os-services/enable', 'admin',
                {'host': 'compute1', 'binary': 'nova-compute'})),
            ('DOWN', lambda: self.set_row('compute1', 'forced_down = 1')),
            ('UP', lambda: self.set_row('compute1', 'forced_down = 0')))
        for status, call in calls:
            call()
            self.wait_for_status('compute1', status, 5)
        # What both watches have seen and what a call has done, each once.
        time.sleep(1)
        self.assertTold('compute1', 'UP', *(status for status, _ in calls))
        self.assertEqual(
            [(data['display_name'], data['host_status'])
             for _, _, data in self.versioned],
            [(data['display_name'], data['host_status'])
             for _, _, data in self.unversioned])
        self.assertEqual({'nova-api:controller',
                          'nova-lockstatus-watch:controller'},
                         {one.publisher for one in self.versioned})
        self.assertTold('compute2', 'UP')

    def test_lost_heartbeat(self):
        self.cloud.stop_compute('compute2')
        try:
            self.wait_for_status('compute2', 'UNKNOWN')
            seen, = engines.select(
                self.cloud.name + 'cell2', "SELECT last_seen_up FROM services "
                "WHERE host = 'compute2' AND services.binary = 'nova-compute'")
            over = seen.replace(tzinfo=datetime.timezone.utc).timestamp() + (
                nova_config.DOWN_TIME)
            late = max(one.at for one in self.versioned) - over
            self.addDetail('late', content.text_content('%.3f s' % late))
            # Nova's times are whole seconds, and it is down when it is later
            # than that.
            self.assertLess(late, 2)
        finally:
            self.cloud.start_compute('compute2')
        self.wait_for_status('compute2', 'UP')
        self.assertTold('compute2', 'UP', 'UNKNOWN', 'UP')

    def test_broker_that_is_away(self):
        # Each of the workers has a connection that it has made before: over
        # that, stock Nova waits until the broker is back.
        for _ in range(4):
            self.force_down('compute1')
            self.force_down('compute1', False)
        self.wait_until_told()
        self.reset()
        self.cloud.nova.close_way(nova.NOTIFICATIONS)
        try:
            # They are answered while it is away.
            for value in (True, False, True):
                self.force_down('compute1', value)
            self.assertEqual(['DOWN'], engines.select(
                self.cloud.name + 'store', "SELECT status FROM host_statuses "
                "WHERE host = 'compute1'"))
            self.set_row('compute2', 'forced_down = 1')
            time.sleep(4)
            self.assertTold('compute1', 'UP')
            self.assertTold('compute2', 'UP')
        finally:
            self.cloud.nova.open_way(nova.NOTIFICATIONS)
        self.wait_for_status('compute2', 'DOWN')
        self.wait_for_status('compute1', 'DOWN')
        self.wait_until_told()
        self.assertTold('compute1', 'UP', 'DOWN', 'UP', 'DOWN')
        self.assertTold('compute2', 'UP', 'DOWN')

    def test_database_of_a_cell_that_is_away(self):
        """Its host could not report, and is alive."""
        self.cloud.nova.close_way('cell1')
        try:
            time.sleep(nova_config.DOWN_TIME + 4)
        finally:
            self.cloud.nova.open_way('cell1')
        before, = self.last_seen_up('compute1')
        self.wait_for('compute1 reports again',
                      lambda: self.last_seen_up('compute1') != [before])
        time.sleep(2)
        self.assertTold('compute1', 'UP')
        self.assertTold('compute2', 'UP')
        self.force_down('compute1')
        self.wait_for_status('compute1', 'DOWN')
        self.assertTold('compute1', 'UP', 'DOWN')

    def last_seen_up(self, host):
        return engines.select(
            self.cloud.name + HOSTS[host], "SELECT last_seen_up FROM services "
            "WHERE host = '%s' AND services.binary = 'nova-compute'" % host)

    def test_store_that_is_away(self):
        self.cloud.nova.close_way(nova.STORE)
        try:
            started = time.monotonic()
            self.force_down('compute1')
            self.force_down('compute1', False)
            self.force_down('compute1')
            self.set_row('compute2', 'forced_down = 1')
            self.assertLess(time.monotonic() - started, 10)
            time.sleep(2)
            self.assertTold('compute1', 'UP')
        finally:
            self.cloud.nova.open_way(nova.STORE)
        self.wait_for_status('compute2', 'DOWN')
        self.wait_for_status('compute1', 'DOWN')
        self.wait_until_told()
        # Two workers of nova-api may have written it down in another order
        # than they were called: what is not so any more is left out then.
        for changes in self.told('compute1').values():
            self.assertEqual('UP', changes[0][0])
            self.assertEqual([new for _, new in changes[:-1]],
                             [old for old, _ in changes[1:]])

    def add_servers(self, count):
        schema = self.cloud.name + 'cell1'
        self.addCleanup(rows.remove_servers, schema)
        rows.add_servers(schema, 'compute1', count)

    def test_killed_in_the_middle(self):
        self.add_servers(VERY_MANY)
        everybody = VERY_MANY + len(self.names['compute1'])
        sent = self.versioned
        # What one of them has found, the other one could tell.
        teller, other = WATCHES
        self.cloud.processes.pause(other)
        self.addCleanup(self.cloud.processes.pause, other, False)
        self.set_row('compute1', 'disabled = 1')
        while not sent:
            time.sleep(0.001)
        self.stop(teller, signal.SIGKILL)
        time.sleep(1)
        first = {data['display_name'] for _, _, data in sent}
        self.addDetail('sent by the first', content.text_content(
            '%d of %d' % (len(first), everybody)))
        self.assertLess(len(first), everybody)
        self.cloud.processes.pause(other, False)
        self.wait_until_told()
        self.wait_for('all are told', lambda: len({
            data['display_name'] for _, _, data in sent}) == everybody)
        # A repeat can be told by its id.
        self.assertEqual(everybody, len({data['id'] for _, _, data in sent}))
        self.assertEqual(1, len({data['change_id'] for _, _, data in sent}))
        self.assertLess(len(sent), everybody + 201)

    def test_handed_over(self):
        self.add_servers(MANY)
        sent = self.versioned
        self.set_row('compute1', 'disabled = 1')
        while not sent:
            time.sleep(0.001)
        started = time.monotonic()
        self.stop(self.found_by('MAINTENANCE'))
        self.wait_for('all are told', lambda: len(sent) >= MANY + 2)
        # Nobody had to wait for the end of a lease.
        self.assertLess(time.monotonic() - started, 8)
        time.sleep(1)
        ids = collections.Counter(data['id'] for _, _, data in sent)
        self.assertEqual((MANY + 2, {1}), (len(ids), set(ids.values())))

    def test_random_changes(self):
        seed = random.randrange(2 ** 32)
        self.addDetail('seed', content.text_content(str(seed)))
        choose = random.Random(seed)
        expected = {host: ['UP'] for host in HOSTS}
        down = dict.fromkeys(HOSTS, False)
        disabled = dict.fromkeys(HOSTS, False)
        lock = threading.Lock()

        def change(host):
            with lock:
                what = choose.choice(('down', 'disabled'))
                by_call = choose.random() < 0.6
            if what == 'down':
                value = down[host] = not down[host]
                if by_call:
                    self.force_down(host, value)
                else:
                    self.set_row(host, 'forced_down = %d' % value)
            else:
                value = disabled[host] = not disabled[host]
                if by_call:
                    self.set_status(host, 'disabled' if value else 'enabled')
                else:
                    self.set_row(host, 'disabled = %d' % value)
            status = ('DOWN' if down[host] else
                      'MAINTENANCE' if disabled[host] else 'UP')
            if status != expected[host][-1]:
                expected[host].append(status)
                if not by_call:
                    # A second change before anybody has looked is one.
                    self.wait_for_changes(host, len(expected[host]) - 1)

        def work(host):
            for _ in range(25):
                change(host)

        threads = [threading.Thread(target=work, args=(host,))
                   for host in HOSTS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.wait_until_told()
        for host in HOSTS:
            self.assertTold(host, *expected[host])

    def start_documented(self):
        self.cloud.processes.start(
            'listen', [sys.executable, LISTEN,
                       engines.transport_url(self.cloud.name + 'top')],
            finishes=True)
        self.cloud.processes.wait_for_log('listen', 'Listening')

    def end_documented(self, number):
        """End the documented consumer, which has printed what was told."""
        processes = self.cloud.processes
        lines = ['%(changed_at)s server %(uuid)s of project %(tenant_id)s: '
                 '%(old_host_status)s -> %(host_status)s' % data
                 for _, _, data in self.versioned]
        self.assertEqual(len(self.names['compute1']), len(lines))
        processes.wait_for_log('listen', ' server ', len(lines))
        os.kill(processes.pid('listen'), number)
        processes.finish('listen')
        # And nothing else.
        self.assertEqual(sorted([*lines, 'Listening. Ctrl-C ends it.']),
                         sorted(processes.log('listen').splitlines()))

    def test_documented_consumer(self):
        self.start_documented()
        self.force_down('compute1')
        self.wait_for_status('compute1', 'DOWN')
        self.end_documented(signal.SIGINT)
        self.reset()
        # Its queue takes what comes while it does not run.
        self.force_down('compute1', False)
        self.wait_for_status('compute1', 'UP')
        self.start_documented()
        self.end_documented(signal.SIGTERM)
