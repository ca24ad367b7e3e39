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

"""The state of hosts, read from a database server in one statement."""

import datetime
import itertools
import json
import uuid
from typing import Any

from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.tests.integration import case

LOCK = '\U0001f512'

REASONS = ('why', LOCK, 'a%sb' % LOCK, 'ü' * 255, LOCK * 255)

SILENT_SINCE = datetime.datetime(2026, 1, 1)

STATES: dict[str, dict[str, Any]] = {
    'UP': {}, 'DOWN': {'forced_down': True, 'disabled': True},
    'MAINTENANCE': {'disabled': True},
    'UNKNOWN': {'last_seen_up': SILENT_SINCE}}


class HostStatusTestCase(case.DatabaseTestCase):

    HOSTS = 4

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.states = dict(zip(
            ('compute%05d' % number for number in range(cls.HOSTS)),
            itertools.cycle(STATES)))
        with cls.databases.engine.begin() as connection:
            connection.execute(
                models.Service.__table__.insert(),
                [service_of(host, **STATES[state])
                 for host, state in cls.states.items()])
        # Each on a host of its own, the last on one that is not known.
        hosts = [*list(cls.states)[:4], 'gone']
        cls.servers = {}
        for host in hosts:
            server_id = cls.databases.create_server()
            cls.servers[server_id] = cls.states.get(host, '')
            cls.move(server_id, host)

    @classmethod
    def move(cls, server_id, host):
        table = models.Instance.__table__
        with cls.databases.engine.begin() as connection:
            connection.execute(table.update().where(
                table.c.uuid == server_id).values(host=host))

    def setUp(self):
        super().setUp()
        self.report()
        self.worker, = self.start_workers(case.FILTER)

    def report(self):
        """Have all hosts report that are not silent."""
        table = models.Service.__table__
        with self.databases.engine.begin() as connection:
            connection.execute(table.update().where(
                table.c.last_seen_up != SILENT_SINCE).values(
                    last_seen_up=timeutils.utcnow()))

    def list(self, query='', token='admin', microversion='2.1'):
        # However long the tests have taken since.
        self.report()
        answer, = self.worker.ask({
            'method': 'GET', 'token': token, 'microversion': microversion,
            'path': '/v2.1/servers/detail?all_tenants=1' + query})
        self.assertEqual(200, answer['status'], answer)
        return {server['id']: server
                for server in json.loads(answer['body'])['servers']}


class ReasonsTestCase(HostStatusTestCase):
    """Reasons and states come out of one UNION.

    The columns of its two parts have collations of their own.
    """

    def setUp(self):
        super().setUp()
        for server_id, reason in zip(self.servers, REASONS, strict=True):
            for body in ({'unlock': None}, {'lock': {'locked_reason':
                                                     reason}}):
                answer, = self.worker.ask(case.action(
                    server_id, 'admin', body, '2.73'))
                self.assertEqual(202, answer['status'], answer)

    def test_both(self):
        for version in ('2.1', '2.16', '2.72', '2.73', 'latest'):
            found = self.list(microversion=version)
            self.assertEqual(
                {server_id: (reason, state) for (server_id, state), reason
                 in zip(self.servers.items(), REASONS)},
                {server_id: (server['locked_reason'], server['host_status'])
                 for server_id, server in found.items()})

    def test_found_by_both(self):
        server_id, = (key for key, state in self.servers.items()
                      if state == 'DOWN')
        found = self.list('&locked=true&host_status=DOWN')
        self.assertEqual({server_id: LOCK}, {
            key: server['locked_reason'] for key, server in found.items()})
        self.assertEqual({}, self.list('&locked=false&host_status=DOWN'))


class WiderReasonsTestCase(ReasonsTestCase):
    """Connections that take all of Unicode."""

    charset = 'utf8mb4'


class ConvertedReasonsTestCase(ReasonsTestCase):
    """An operator has converted the column of the reasons, and no other."""

    charset = 'utf8mb4'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.databases.convert_reasons('utf8mb4 COLLATE utf8mb4_bin')


class ManyHostsTestCase(HostStatusTestCase):
    """So many that both forms of the condition are reached."""

    HOSTS = 10000

    def find(self, query):
        return sorted(self.servers[server_id]
                      for server_id in self.list(query))

    def test_states(self):
        for count in range(1, 6):
            for values in itertools.combinations(sorted((*STATES, '')),
                                                 count):
                self.assertEqual(
                    sorted(values),
                    self.find('&host_status=' + ','.join(values)))

    def test_pages(self):
        for values in ('UP,', 'DOWN,MAINTENANCE,UNKNOWN'):
            query = '&limit=1&host_status=' + values
            found, marker = [], ''
            while len(found) <= len(self.servers):
                page = self.list(query + marker)
                if not page:
                    break
                found += page
                marker = '&marker=' + found[-1]
            self.assertEqual(sorted(values.split(',')),
                             sorted(self.servers[key] for key in found))


def service_of(host, **columns):
    now = timeutils.utcnow()
    return {'uuid': str(uuid.uuid4()), 'host': host, 'binary': 'nova-compute',
            'topic': 'compute', 'report_count': 1, 'version': 66,
            'created_at': now, 'deleted': 0, 'disabled': False,
            'forced_down': False, 'last_seen_up': now, **columns}
