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

"""Many hosts change at the same time, as where a rack fails."""

import threading
import time

import fixtures
from nova.db.main import models
from oslo_utils import uuidutils

from nova_lockstatus.events import fan_out
from nova_lockstatus.events import sinks
from nova_lockstatus.events.notifications import host_status
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures.outbox_case import OutboxTestCase


class ManyHostsTestCase(OutboxTestCase):

    def setUp(self):
        super().setUp()
        self.hosts = []

    def add(self, cell, hosts, servers):
        """Add hosts with so many servers each."""
        many_hosts.insert(self.nova, cell, models.Service, [
            many_hosts.service_of(host) for host in hosts])
        many_hosts.insert(self.nova, cell, models.Instance, [
            {'uuid': uuidutils.generate_uuid(), 'host': host, 'deleted': 0,
             'display_name': host, 'vm_state': 'active'}
            for host in hosts for _ in range(servers)])
        self.hosts += [(cell, host) for host in hosts]
        for model in (models.Service, models.Instance):
            table = model.__table__
            self.addCleanup(many_hosts.execute, self.nova, cell,
                            table.delete().where(table.c.host.in_(hosts)))

    def set_all(self, **columns):
        """Change all hosts at once, without a call."""
        for cell, host in self.hosts:
            many_hosts.update(self.nova, cell, host, **columns)

    def down(self, *hosts):
        for host in hosts:
            self.record(sinks.NOTIFICATIONS, host, 'DOWN')

    def test_rack(self):
        """All lose their heartbeat, and come back before all are told."""
        for cell in ('cell1', 'cell2'):
            self.add(cell, ['%s-%02d' % (cell, number)
                            for number in range(12)], 5)
        self.watch.look()
        self.watch.look()
        self.reset()
        self.set_all(last_seen_up=many_hosts.LONG_AGO)
        self.watch.monitor.run(self.watch.stop)
        self.set_all(forced_down=True)
        self.watch.monitor.run(self.watch.stop)
        self.watch.work()
        told = {}
        for data in self.payloads():
            told.setdefault((data['display_name'], data['uuid']), []).append(
                (data['old_host_status'], data['host_status']))
        self.assertEqual(24 * 5, len(told))
        self.assertEqual(
            {(('UP', 'UNKNOWN'), ('UNKNOWN', 'DOWN'))},
            {tuple(changes) for changes in told.values()})
        self.assertOutboxIsEmpty()

    def count_statements(self, hosts):
        self.reset()
        with base.statements() as executed:
            self.down(*hosts)
            self.watch.work()
        # A relay that has nothing to do looks for more from time to time.
        return len([statement for statement in executed
                    if 'FROM announcements' not in statement])

    def test_statements_grow_with_hosts(self):
        few = ['few-%d' % number for number in range(6)]
        many = ['many-%d' % number for number in range(6)]
        self.add('cell1', few, 2)
        self.add('cell1', many, 60)
        counts = [self.count_statements(hosts) for hosts in (few, many)]
        self.assertEqual(6 * 60, len(self.payloads()))
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(2 * counts[0], self.count_statements([
            'new-%d' % number for number in range(12)])
            # A host without servers has no groups to read.
            + 12)

    def test_large_host_holds_up_no_other(self):
        self.add('cell1', ['large'], 300)
        self.add('cell1', ['small-%d' % number for number in range(5)], 2)
        send = host_status.Sender.send
        goes_on = threading.Event()
        self.addCleanup(goes_on.set)

        def send_slowly(sender, server):
            if server.display_name == 'large':
                goes_on.wait(30)
            send(sender, server)

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.notifications.host_status.Sender.send',
            send_slowly))
        self.down('large', *('small-%d' % number for number in range(5)))
        self.watch.announced.run(self.watch.stop)
        deadline = time.monotonic() + 30
        while len(self.sent_now()) < 10:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        self.assertNotIn('large', self.sent_now())
        goes_on.set()
        self.watch.work()
        self.assertEqual(300, self.sent_now().count('large'))

    def test_connections(self):
        """All hosts together send so many notifications at a time."""
        hosts = ['c-%d' % number for number in range(6)]
        self.add('cell1', hosts, 60)
        send = host_status.Sender.send
        lock, counts = threading.Lock(), [0, 0]

        def send_slowly(sender, server):
            with lock:
                counts[0] += 1
                counts[1] = max(counts)
            time.sleep(0.005)
            send(sender, server)
            with lock:
                counts[0] -= 1

        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.notifications.host_status.Sender.send',
            send_slowly))
        self.down(*hosts)
        self.watch.work()
        self.assertEqual(6 * 60, len(self.payloads()))
        # More than one host alone would send, with its two threads.
        self.assertEqual((0, fan_out.CONNECTIONS), tuple(counts))

    def sent_now(self):
        return [sent['payload']['nova_object.data']['display_name']
                for sent in list(self.nova.services.notifier
                                 .versioned_notifications)]

    def test_urgent_ones_first(self):
        self.add('cell1', ['back-%d' % number for number in range(3)], 2)
        self.add('cell1', ['lost-%d' % number for number in range(3)], 2)
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.outbox_publisher.HOSTS', 1))
        watch = type(self.watch)()
        for number in range(3):
            self.record(sinks.NOTIFICATIONS, 'back-%d' % number, 'UP')
        self.down(*('lost-%d' % number for number in range(3)))
        watch.work()
        self.assertEqual(
            [name for kind in ('lost', 'back') for number in range(3)
             for name in 2 * ['%s-%d' % (kind, number)]],
            [data['display_name'] for data in self.payloads()])
