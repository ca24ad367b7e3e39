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

"""Many locks that end in the same second.

NOVA_LOCKSTATUS_TEST_LOCKS in the environment says how many, and the test then
prints how long the watch takes.
"""

import datetime
import os
import threading
import time

import fixtures
from nova import context as nova_context
from nova.conf import CONF
from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.db import database
from nova_lockstatus.db import migration
from nova_lockstatus.db import outbox
from nova_lockstatus.events import sinks
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import server_locks_case as case
from nova_lockstatus.watch import lock_ends
from nova_lockstatus.watch import lock_expiries

LOCKS = os.environ.get('NOVA_LOCKSTATUS_TEST_LOCKS')
COUNT = int(LOCKS or 120)

SECONDS_PER_LOCK = 0.25
"""What a lock may take on a busy machine."""


class ManyTestCase(case.ServerLocksTestCase):

    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.watch.lock_ends.CELLS_TIMEOUT', 3600))
        folder = self.useFixture(fixtures.TempDir()).path
        self.configure('lockstatus',
                       connection='sqlite:///%s/store.sqlite' % folder)
        self.store = database.open_store(CONF)
        migration.sync(self.store)
        self.watch = lock_ends.LockEnds(
            CONF, expiries=lock_expiries.LockExpiries(CONF, self.store, []))

    def session(self):
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(
            context, self.nova.services.cell_mappings['cell1'])
        return db.get_context_manager(context).writer.using(context)

    def copy_server(self, release):
        """Copy the server with a lock that ends now."""
        until = timeutils.utcnow()
        uuids = [uuidutils.generate_uuid() for _ in range(COUNT)]
        with self.session() as session:
            for table, column in (
                    (models.Instance.__table__, 'uuid'),
                    (models.InstanceExtra.__table__, 'instance_uuid'),
                    (models.InstanceInfoCache.__table__, 'instance_uuid')):
                row = dict(session.execute(table.select().where(
                    table.c[column] == self.server_id)).mappings().one())
                del row['id']
                if column == 'uuid':
                    row.update(locked=True, locked_by='owner')
                session.execute(table.insert(), [
                    {**row, column: uuid} for uuid in uuids])
            session.execute(models.InstanceSystemMetadata.__table__.insert(), [
                {'instance_uuid': uuid, 'key': key, 'value': value,
                 'deleted': 0} for uuid in uuids for key, value in
                lock_rows.rows([lock_record.LockRecord(
                    id=uuidutils.generate_uuid(), scope='server',
                    scope_id=uuid, level='change', locked_by='owner',
                    user_id='u', project_id='p', reason=None, origin=None,
                    since=until - datetime.timedelta(hours=1), until=until,
                    release=release)]).items()])
        self.addCleanup(self.delete, uuids)
        return uuids

    def delete(self, uuids):
        table = models.Instance.__table__
        with self.session() as session:
            for uuid in uuids:
                session.execute(table.delete().where(table.c.uuid == uuid))

    def locked(self, uuids):
        table = models.Instance.__table__
        with self.session() as session:
            return len(set(session.execute(table.select().with_only_columns(
                table.c.uuid).where(table.c.locked == 1)).scalars())
                & set(uuids))

    def sent(self):
        return [sent for sent in
                self.nova.services.notifier.versioned_notifications
                if sent['event_type'] == 'lockstatus.unlock']

    def measure(self, what, function):
        began = time.monotonic()
        function()
        seconds = time.monotonic() - began
        if LOCKS:
            print('%s %d locks took %.1f s.' % (what, COUNT, seconds))
        self.assertLess(seconds, 5 + COUNT * SECONDS_PER_LOCK)

    def test_lifted_by_one_look(self):
        uuids = self.copy_server(release=True)
        self.nova.services.notifier.reset()
        self.measure('Lifting and announcing',
                     lambda: self.watch.run(threading.Event()))
        self.assertEqual(0, self.locked(uuids))
        self.assertEqual(COUNT, len(self.sent()))

    def test_lifted_without_notifications(self):
        group = 'oslo_messaging_notifications'
        self.addCleanup(CONF.set_override, 'driver', CONF[group].driver, group)
        CONF.set_override('driver', ['noop'], group)
        uuids = self.copy_server(release=True)
        self.nova.services.notifier.reset()
        self.measure('Lifting', lambda: self.watch.run(threading.Event()))
        self.assertEqual(0, self.locked(uuids))
        self.assertEqual([], self.sent())

    def test_recorded_as_expired_by_one_look(self):
        uuids = self.copy_server(release=False)
        self.measure('Recording as expired',
                     lambda: self.watch.run(threading.Event()))
        self.assertEqual(COUNT, self.locked(uuids))
        self.assertEqual(COUNT, outbox.count(
            self.store, sinks=[sinks.LOCK_NOTIFICATIONS]))

    def test_look_at_many_ends_takes_few_statements(self):
        self.copy_server(release=False)
        self.watch.run(threading.Event())
        with base.statements() as executed:
            self.watch.run(threading.Event())
        found = [text for text in executed if 'instance' in text]
        # Two for each page of a cell, of which the second has no servers.
        self.assertLessEqual(len(found), 3 + 2 * (COUNT // 1000), found)
