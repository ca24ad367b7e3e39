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

"""Pins the statements that the state of hosts makes, at two sizes."""

import itertools
import re
import uuid
from typing import Any

import fixtures
from nova import context
from nova.db.api import api as api_db
from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils
from sqlalchemy import engine
from sqlalchemy import event

from nova_lockstatus.embedded import nova_fixture
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import many_hosts
from nova_lockstatus.tests.fixtures.host_status_case import HostStatusTestCase
from nova_lockstatus.tests.fixtures.server_rows import API_TABLES
from nova_lockstatus.tests.fixtures.server_rows import CELL_TABLES
from nova_lockstatus.tests.fixtures.server_rows import copy_server

# Where Nova does not read the services of a list, where it joins them to its
# statement, and where it also reads system metadata with one of its own.
READS_NO_SERVICES = ('2.1', '2.15')
JOINS_SERVICES = ('2.16', '2.72')
READS_SYSTEM_METADATA = ('2.73', 'latest')
READS_SERVICES = JOINS_SERVICES + READS_SYSTEM_METADATA

SIZES = (10, 50)


class StatementsTestCase(base.NoHeartbeatsTestCase):
    """Each server is on a host of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = staticmethod(base.load_app(pipelines=()))
        cls.server_id = cls.nova.boot_server('db')
        cls.count = 1

    def grow(self, count):
        """Have so many servers, the first half of the new ones locked."""
        new_ids = [str(uuid.uuid4()) for _ in range(count - self.count)]
        ctxt = context.get_admin_context()
        with context.target_cell(
                ctxt, self.nova.services.cell_mappings['cell1']) as cell:
            with db.get_context_manager(cell).writer.using(cell) as session:
                copy_server(
                    session, CELL_TABLES, self.server_id,
                    new_ids)
                for server_id in new_ids:
                    session.query(models.Instance).filter_by(
                        uuid=server_id).update({'host': 'host-' + server_id})
                session.connection().execute(
                    models.Service.__table__.insert(),
                    [service(number, server_id)
                     for number, server_id in enumerate(new_ids)])
        with api_db.context_manager.writer.using(ctxt) as session:
            copy_server(
                session, API_TABLES, self.server_id,
                new_ids)
        type(self).count = count
        # Nova remembers the zone of each host.
        self.detail('admin', query='?all_tenants=1')

    def executed(self, app, path, microversion, token='admin',
                 method='GET', body=None):
        tries = []
        for _ in range(2):
            with base.statements() as executed:
                answer = base.ask(app, method, path, token, microversion,
                                  body)
            self.assertEqual(200, answer.status_code, answer.text)
            tries.append(len(executed))
        return min(tries), answer.json

    def more(self, *args, **kwargs):
        """Return how many statements a call makes that stock Nova does not."""
        here, body = self.executed(self.nova.app, *args, **kwargs)
        there, _body = self.executed(self.stock, *args, **kwargs)
        return here - there, body

    def test_lists(self):
        path = '/v2.1/servers/detail?all_tenants=1'
        for count in SIZES:
            self.grow(count)
            for version in READS_NO_SERVICES + READS_SERVICES:
                more, body = self.more(path, version)
                self.assertEqual(version not in READS_SYSTEM_METADATA, more)
                self.assertEqual(count, len(body['servers']))
                self.assertEqual({'UP', 'DOWN', 'MAINTENANCE'}, {
                    server['host_status'] for server in body['servers']})
            # The services that the filter reads serve the fields, too.
            for values in ('UP', 'DOWN,MAINTENANCE'):
                for version in READS_NO_SERVICES + READS_SERVICES:
                    found, body = self.executed(
                        self.nova.app, path + '&host_status=' + values,
                        version)
                    plain, _body = self.executed(
                        self.stock, path, version)
                    self.assertLessEqual(found - plain, 1)
                    self.assertEqual(set(values.split(',')), {
                        server['host_status'] for server in body['servers']})

    def test_one_statement_with_the_reasons(self):
        self.lock(self.server_id, 'admin', 'why')
        more, body = self.more('/v2.1/servers/detail?all_tenants=1', '2.1')
        self.assertEqual(1, more)
        server, = (server for server in body['servers']
                   if server['id'] == self.server_id)
        self.assertEqual(('why', 'UP'),
                         (server['locked_reason'], server['host_status']))

    def test_none_for_whom_the_rules_refuse(self):
        for version in READS_NO_SERVICES + READS_SERVICES:
            self.assertEqual(
                0, self.more('/v2.1/servers/detail?name=none', version,
                             'reader')[0])
            with base.statements() as executed:
                self.detail('reader', version)
            self.assertEqual([], [
                statement for statement in executed
                if re.search(r'(FROM|JOIN) services', statement)])

    def test_no_more_rows_than_are_shown(self):
        """Nova's own statements join no services and no system metadata."""
        path = '/v2.1/servers/detail?all_tenants=1'
        for version in READS_SERVICES:
            with base.statements() as executed:
                base.ask(self.nova.app, 'GET', path, 'admin', version)
            self.assertEqual([], [
                statement for statement in executed
                if 'JOIN services' in statement])
            self.assertEqual(1, len([
                statement for statement in executed
                if 'FROM services' in statement]))
            for statement in executed:
                where = statement.rpartition(
                    'FROM instance_system_metadata')[2]
                if where != statement:
                    self.assertIn('."key" IN (', where)

    def test_without_speedups_nova_reads_them(self):
        path = '/v2.1/servers/detail?all_tenants=1'
        self.configure('lockstatus', speedups=False)
        app = base.load_app()
        for version in READS_SERVICES:
            with base.statements() as executed:
                body = base.ask(app, 'GET', path, 'admin', version).json
            self.assertNotEqual([], [
                statement for statement in executed
                if 'JOIN services' in statement])
            self.assertEqual({'UP'}, {
                server['host_status'] for server in body['servers']
                if server['id'] == self.server_id})

    def test_none_for_one_server(self):
        path = '/v2.1/servers/' + self.server_id
        self.nova.request('POST', path + '/action', 'admin', {'unlock': None})
        for token in ('admin', 'owner'):
            for version in READS_NO_SERVICES + READS_SERVICES:
                self.assertLessEqual(self.more(path, version, token)[0], 0)
                self.assertLessEqual(self.more(
                    path, version, token, 'PUT',
                    {'server': {'name': 'db'}})[0], 0)

    def rebuild(self, app, microversion):
        """Return the SELECTs of a rebuild, as far as nova-api makes them."""
        tries = []
        for _ in range(2):
            with base.statements() as executed:
                answer = base.ask(
                    app, 'POST', '/v2.1/servers/%s/action' % self.server_id,
                    'admin', microversion,
                    {'rebuild': {'imageRef': nova_fixture.IMAGE}})
            self.assertEqual(202, answer.status_code, answer.text)
            tries.append(len(executed))
            # Nobody has done what was asked for.
            many_hosts.execute(
                self.nova, 'cell1', models.Instance.__table__.update().where(
                    models.Instance.uuid == self.server_id
                ).values(task_state=None))
        return min(tries), answer.json['server']

    def test_none_for_a_rebuild(self):
        self.nova.request('POST', '/v2.1/servers/%s/action' % self.server_id,
                          'admin', {'unlock': None})
        self.useFixture(fixtures.MonkeyPatch(
            'nova.conductor.api.ComputeTaskAPI.rebuild_instance',
            lambda *args, **kwargs: None))
        for version in READS_NO_SERVICES + READS_SERVICES:
            here, server = self.rebuild(self.nova.app, version)
            there, _server = self.rebuild(self.stock, version)
            self.assertLessEqual(here, there, version)
            self.assertEqual('UP', server['host_status'])

    def test_statements_are_counted(self):
        with base.statements() as executed:
            base.ask(self.stock, 'GET', '/v2.1/servers/detail', 'owner')
        self.assertGreater(len(executed), 2)


class ManyHostsTestCase(HostStatusTestCase):
    """A statement can only have so many parameters."""

    options: dict[str, Any] = {}

    HOSTS = 10000

    STATES: dict[str, dict[str, Any]] = {
        'UP': {}, 'DOWN': {'forced_down': True},
        'MAINTENANCE': {'disabled': True},
        'UNKNOWN': {'last_seen_up': many_hosts.LONG_AGO}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        many_hosts.insert(cls.nova, 'cell1', models.Service, [
            many_hosts.service_of('host%05d' % number, **columns)
            for number, columns in zip(
                range(cls.HOSTS), itertools.cycle(cls.STATES.values()))])
        for number, state in enumerate((*cls.STATES, '')):
            server_id = cls.nova.boot_server(state or 'none')
            many_hosts.execute(
                cls.nova, 'cell1', models.Instance.__table__.update().where(
                    models.Instance.uuid == server_id).values(
                        host='host%05d' % number if state else 'gone'))

    def parameters(self):
        """Gather how many parameters statements have."""
        numbers = []

        def count(connection, cursor, statement, parameters, *args):
            numbers.append(len(parameters))

        event.listen(engine.Engine, 'before_cursor_execute', count)
        self.addCleanup(event.remove, engine.Engine, 'before_cursor_execute',
                        count)
        return numbers

    def test_no_more_than_half_of_the_hosts_are_named(self):
        numbers = self.parameters()
        for count in range(1, 6):
            for values in itertools.combinations(
                    sorted((*self.STATES, '')), count):
                self.assertEqual(
                    sorted(value or 'none' for value in values),
                    self.find('all_tenants=1&host_status='
                              + ','.join(values)))
        self.assertGreater(max(numbers), self.HOSTS / 4)
        self.assertLess(max(numbers), self.HOSTS / 2 + 50)


def service(number, server_id):
    now = timeutils.utcnow()
    return {'host': 'host-' + server_id, 'binary': 'nova-compute',
            'topic': 'compute', 'uuid': str(uuid.uuid4()), 'deleted': 0,
            'report_count': 1, 'version': 60, 'created_at': now,
            'last_seen_up': now, 'disabled': number % 2 == 0,
            'forced_down': number % 3 == 0}
