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

"""Several entries at the same time, with a real outbox."""

import datetime
import threading
import uuid

import fixtures
import testtools

from nova_lockstatus.core import host_event
from nova_lockstatus.db import migration
from nova_lockstatus.db import outbox
from nova_lockstatus.events import parallel_relay
from nova_lockstatus.tests.fixtures import store_databases

SINKS = ['a']


class ParallelRelayTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.store = store_databases.open_store(
            self, 'sqlite:///%s/x' % self.useFixture(fixtures.TempDir()).path)
        migration.sync(self.store)
        self.stop = threading.Event()
        self.goes_on = threading.Event()
        self.addCleanup(self.goes_on.set)
        self.condition = threading.Condition()
        self.begun = []
        self.ended = []

    def record(self, cell, *hosts, old='UP', new='DOWN'):
        for host in hosts:
            outbox.record(self.store, host_event.StatusChange(
                id=str(uuid.uuid4()), cell=cell, host=host, old=old, new=new,
                changed_at=datetime.datetime.now(datetime.timezone.utc)),
                SINKS)

    def deliver(self, change, last, lease):
        with self.condition:
            self.begun.append((change.cell, change.host, change.new))
            self.condition.notify_all()
        self.goes_on.wait(30)
        with self.condition:
            self.ended.append(change.host)
        return True

    def wait_for(self, count):
        with self.condition:
            self.assertTrue(self.condition.wait_for(
                lambda: len(self.begun) >= count, 30))

    def relay_all(self, relay):
        while relay.relay_next(SINKS, self.stop):
            pass

    def test_only_so_many_of_a_cell(self):
        self.record('cell1', 'h1', 'h2', 'h3')
        self.record('cell2', 'h4')
        relay = parallel_relay.ParallelRelay(self.store, self.deliver, 2)
        for _ in range(4):
            self.assertTrue(relay.relay_next(SINKS, self.stop))
        self.wait_for(3)
        # A third one of the first cell waits, and does not hold up others.
        self.assertEqual({'h1', 'h2', 'h4'},
                         {host for _cell, host, _new in self.begun})
        self.goes_on.set()
        self.relay_all(relay)
        self.assertEqual({'h1', 'h2', 'h3', 'h4'}, set(self.ended))
        self.assertEqual(0, outbox.count(self.store))

    def test_changes_of_a_host_in_their_order(self):
        self.record('cell1', 'h1')
        self.record('cell1', 'h1', old='DOWN', new='UP')
        relay = parallel_relay.ParallelRelay(self.store, self.deliver, 5)
        for _ in range(3):
            relay.relay_next(SINKS, self.stop)
        self.wait_for(1)
        self.assertEqual([('cell1', 'h1', 'DOWN')], self.begun)
        self.goes_on.set()
        self.relay_all(relay)
        self.assertEqual(['DOWN', 'UP'], [new for *_, new in self.begun])

    def test_nothing_to_do(self):
        relay = parallel_relay.ParallelRelay(self.store, self.deliver, 2)
        self.assertFalse(relay.relay_next(SINKS, self.stop))

    def test_stop(self):
        self.record('cell1', 'h1', 'h2')
        relay = parallel_relay.ParallelRelay(self.store, self.deliver, 1)
        relay.relay_next(SINKS, self.stop)
        self.wait_for(1)
        self.stop.set()
        # What goes on is waited for, and nothing more begins.
        self.assertTrue(relay.relay_next(SINKS, self.stop))
        self.goes_on.set()
        self.relay_all(relay)
        self.assertEqual(1, len(self.begun))
        self.assertEqual(1, outbox.count(self.store))
