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

"""Lists many locks on MariaDB, page by page.

NOVA_LOCKSTATUS_TEST_LOCKS in the environment says how many, and the test then
prints how long a page takes.
"""

import datetime
import json
import os
import statistics
import time

import sqlalchemy
import testtools
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import models
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_locks
from nova_lockstatus.db import migration
from nova_lockstatus.db import models as store_models
from nova_lockstatus.db import scope_locks
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.integration import case

LOCKS = os.environ.get('NOVA_LOCKSTATUS_TEST_LOCKS')
COUNT = int(LOCKS or 20000)
CHUNK = 5000

PAGE = 100

SECONDS_ON_A_BUSY_MACHINE = 5
"""What a page may take; it takes under 50 ms where nothing else goes on."""

CONFIG = """
[lockstatus]
enabled_extensions = os-server-locked-status,os-server-locks
"""

# The list of cells; the servers of the page, and the rows of their locks.
STATEMENTS = 3

QUERIES = ('', 'level=delete', 'origin=billing', 'expired=true',
           'locked_by=admin')


class ManyLocksTestCase(case.DatabaseTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(cls.databases.config, 'a') as config:
            config.write(CONFIG)
        cls.server_id = cls.databases.create_server()
        uuids = sorted(uuidutils.generate_uuid() for _ in range(COUNT))
        with cls.databases.engine.begin() as connection:
            table = models.Instance.__table__
            row = dict(connection.execute(table.select().where(
                table.c.uuid == cls.server_id)).mappings().one())
            del row['id']
            for start in range(0, COUNT, CHUNK):
                chunk = list(enumerate(uuids))[start:start + CHUNK]
                connection.execute(table.insert(), [
                    {**row, 'uuid': uuid, **cls.columns(number)}
                    for number, uuid in chunk])
                connection.execute(
                    models.InstanceSystemMetadata.__table__.insert(), [
                        {'instance_uuid': uuid, 'key': key, 'value': value,
                         'deleted': 0} for number, uuid in chunk
                        for key, value in (
                            *lock_rows.rows([cls.record(number, uuid)])
                            .items(), ('image_os_type', 'linux'),
                            ('image_base', 'x'))])
            cls.map_servers(uuids)
            for name in ('instances', 'instance_system_metadata'):
                connection.execute(sqlalchemy.text('ANALYZE TABLE ' + name))
        cls.made = [cls.record(number, uuid)
                    for number, uuid in enumerate(uuids)]

    @classmethod
    def map_servers(cls, uuids):
        with api_db.get_engine().begin() as connection:
            table = api_models.InstanceMapping.__table__
            row = dict(connection.execute(table.select()).mappings().one())
            del row['id']
            connection.execute(table.insert(), [
                {**row, 'instance_uuid': uuid} for uuid in uuids])

    @staticmethod
    def columns(number):
        """Return what Nova has of the lock: a quarter are protections."""
        locked = number % 4 != 0
        return {'locked': locked, 'locked_by': 'admin' if locked else None}

    @staticmethod
    def record(number, uuid):
        day = datetime.timedelta(days=1)
        now = timeutils.utcnow()
        return lock_record.LockRecord(
            id=server_locks.server_part(uuid)
            + '-0000-4000-8000-%012d' % number,
            scope=lock_record.SERVER, scope_id=uuid,
            level='change' if number % 4 else 'delete', locked_by='admin',
            user_id='u' * 32, project_id='p' * 32, reason=None,
            origin='billing' if number % 3 == 0 else None, since=now - day,
            until=(now - day / 2 if number % 5 == 0 else now + day))

    def setUp(self):
        super().setUp()
        [self.worker] = self.start_workers(case.FILTER)

    def page(self, query, marker):
        path = '/v2.1/os-locks?limit=%d&%s' % (PAGE, query)
        answer, = self.worker.ask({
            'method': 'GET', 'token': 'admin', 'microversion': '2.1',
            'path': path + (marker and '&marker=' + marker),
            'measured': True})
        self.assertEqual(200, answer['status'], answer['body'])
        return ([lock['id'] for lock in json.loads(answer['body'])['locks']],
                answer)

    def test_pages(self):
        # The first call of a process compiles what the others use.
        self.page('', '')
        for query in QUERIES:
            expected = [record.id for record in self.made if (
                (query != 'level=delete' or record.level == 'delete')
                and (query != 'origin=billing' or record.origin)
                and (query != 'expired=true' or lock_record.is_expired(
                    record, timeutils.utcnow())))]
            seconds = []
            for start in (0, PAGE, len(expected) // 2, len(expected) - PAGE):
                marker = expected[start - 1] if start else ''
                found, answer = self.page(query, marker)
                self.assertEqual(expected[start:start + PAGE], found,
                                 (query, start))
                self.assertLessEqual(len(answer['statements']), STATEMENTS,
                                     answer['statements'])
                seconds.append(answer['seconds'])
                self.assertLess(answer['seconds'], SECONDS_ON_A_BUSY_MACHINE)
            if LOCKS:
                print('%d locks, pages of %d, %s: %.0f ms, at most %.0f ms.'
                      % (COUNT, PAGE, query or 'all',
                         statistics.median(seconds) * 1000,
                         max(seconds) * 1000))

    def test_one(self):
        server_id = self.server_id
        self.worker.ask(case.action(server_id, 'owner', {'lock': None}))
        answer, = self.worker.ask({
            'method': 'GET', 'token': 'owner', 'microversion': '2.1',
            'path': '/v2.1/servers/%s/os-locks' % server_id})
        [lock] = json.loads(answer['body'])['locks']
        answer, = self.worker.ask({
            'method': 'GET', 'token': 'owner', 'microversion': '2.1',
            'path': '/v2.1/os-locks/' + lock['id'], 'measured': True})
        self.assertEqual(lock, json.loads(answer['body'])['lock'])
        self.worker.ask(case.action(server_id, 'owner', {'unlock': None}))
        if LOCKS:
            print('%d locks, one by its id: %.0f ms.'
                  % (COUNT, answer['seconds'] * 1000))


class ManyScopeLocksTestCase(testtools.TestCase):
    """Locks of projects in the database of the plugin."""

    def setUp(self):
        super().setUp()
        reason = store_databases.unreachable(store_databases.MARIADB)
        if reason:
            self.skipTest(reason)
        self.store = store_databases.open_store(
            self, store_databases.create(self, store_databases.MARIADB))
        migration.sync(self.store)
        with self.store.connect() as connection:
            for start in range(0, COUNT, CHUNK):
                connection.execute(store_models.SCOPE_LOCKS.insert(), [{
                    'id': self.id_of(number), 'scope': 'project',
                    'scope_id': 'p%d' % (number % 1000),
                    'lock_level': 'change', 'since': timeutils.utcnow(),
                    'lifted_at_end': False, 'refuses_create': False}
                    for number in range(start, min(start + CHUNK, COUNT))])

    @staticmethod
    def id_of(number):
        return '00000000-0000-4000-8000-%012d' % number

    def test_pages(self):
        seconds = []
        for first in (COUNT - 1, COUNT - 1 - PAGE, COUNT // 2, PAGE - 1):
            marker = self.id_of(first + 1) if first < COUNT - 1 else None
            with base.statements() as executed:
                began = time.monotonic()
                found = scope_locks.list_page(
                    self.store, scope_locks.ScopeLockQuery(), PAGE, marker)
                seconds.append(time.monotonic() - began)
            self.assertEqual(
                [self.id_of(first - step) for step in range(PAGE)],
                [record.id for record in found])
            self.assertLessEqual(len(executed), 2, executed)
            self.assertLess(seconds[-1], SECONDS_ON_A_BUSY_MACHINE)
        if LOCKS:
            print('%d locks of projects, pages of %d: %.0f ms, at most '
                  '%.0f ms.' % (COUNT, PAGE,
                                statistics.median(seconds) * 1000,
                                max(seconds) * 1000))
