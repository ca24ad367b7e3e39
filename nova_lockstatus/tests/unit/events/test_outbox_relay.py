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

"""Who tells a change under a lease, with a store of each process."""

import contextlib
import datetime
import threading
import time
import uuid

import fixtures
import sqlalchemy
import testtools

from nova_lockstatus import exception
from nova_lockstatus.core import host_event
from nova_lockstatus.db import migration
from nova_lockstatus.db import outbox
from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import outbox_relay
from nova_lockstatus.tests.fixtures import store_databases

SINK = 'a'


class LeaseTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.url = 'sqlite:///%s/store.sqlite' % self.useFixture(
            fixtures.TempDir()).path
        self.store = store_databases.open_store(self, self.url)
        migration.sync(self.store)
        self.useFixture(fixtures.MockPatchObject(
            outbox_lease, 'LEASE_SECONDS', 1))
        self.useFixture(fixtures.MockPatchObject(
            outbox_relay, 'SHARED_SECONDS', 30))
        for old, new in (('UP', 'DOWN'), ('DOWN', 'UP')):
            outbox.record(self.store, host_event.StatusChange(
                id=str(uuid.uuid4()), cell='cell1', host='compute1', old=old,
                new=new, changed_at=datetime.datetime.now(
                    datetime.timezone.utc)), [SINK])
        self.told = []
        self.goes_on = threading.Event()
        self.stop = threading.Event()
        self.addCleanup(self.stop.set)

    def tell(self, store, name):
        """Tell the oldest change to three servers, as a process does.

        :param store: as the process has opened it
        :param name: of the process
        :returns: whether there was one
        """
        def tell(change, last, lease):
            for server in range(last + 1, 4):
                self.told.append((name, change.new, server))
                if name == 'first':
                    self.goes_on.wait(30)
                if not lease.checkpoint(server):
                    return False
            return True

        return outbox_relay.OutboxRelay(store, tell).relay_next(
            [SINK], self.stop)

    def start_first(self):
        def tell():
            with contextlib.suppress(exception.StoreNotSynced):
                self.tell(self.store, 'first')

        thread = threading.Thread(target=tell)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.goes_on.set)
        while not self.told:
            time.sleep(0.01)
        return thread

    def test_kept_however_long_it_takes(self):
        first = self.start_first()
        time.sleep(1.2 * outbox_lease.LEASE_SECONDS)
        self.assertFalse(self.tell(
            store_databases.open_store(self, self.url), 'other'))
        self.goes_on.set()
        first.join(30)
        self.assertEqual([('first', 'DOWN', server) for server in (1, 2, 3)],
                         self.told)
        self.assertEqual(1, outbox.count(self.store))

    def test_given_up_where_it_cannot_be_renewed(self):
        """Another one goes on, and tells the host's next change, too."""
        other = store_databases.open_store(self, self.url)
        first = self.start_first()
        with store_databases.cut_off(self.store):
            deadline = time.monotonic() + 30
            while outbox.count(other):
                self.assertLess(time.monotonic(), deadline)
                self.tell(other, 'other')
                time.sleep(0.01)
            self.goes_on.set()
            time.sleep(0.05)
        first.join(30)
        self.assertEqual(
            [('first', 'DOWN', 1),
             *(('other', new, server) for new in ('DOWN', 'UP')
               for server in (1, 2, 3))], self.told)

    def test_given_up_where_its_table_is_gone(self):
        first = self.start_first()
        with self.store.connect() as connection:
            connection.execute(sqlalchemy.text('DROP TABLE announcements'))
        self.goes_on.set()
        first.join(30)
        self.assertEqual([('first', 'DOWN', 1)], self.told)
        self.assertIn('of an entry of the outbox cannot be renewed',
                      self.log.output)
