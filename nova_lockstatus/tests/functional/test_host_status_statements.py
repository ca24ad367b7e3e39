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

import uuid

from nova import context
from nova.db.api import api as api_db
from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.tests.functional import base
from nova_lockstatus.tests.functional import test_many_servers

# Where Nova does not read the services of a list, and where it does.
READS_NO_SERVICES = ('2.1', '2.15')
READS_SERVICES = ('2.16', '2.72', 'latest')

SIZES = (10, 200)


class StatementsTestCase(base.NovaTestCase):
    """Each server is on a host of its own."""

    options = {'config': {
        # The heartbeats would be counted.
        (None, 'report_interval'): 3600,
        (None, 'service_down_time'): 7200,
    }}

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
                ctxt, self.nova.case.cell_mappings['cell1']) as cell:
            with db.get_context_manager(cell).writer.using(cell) as session:
                test_many_servers.copy_server(
                    session, test_many_servers.CELL_TABLES, self.server_id,
                    new_ids)
                for server_id in new_ids:
                    session.query(models.Instance).filter_by(
                        uuid=server_id).update({'host': 'host-' + server_id})
                session.connection().execute(
                    models.Service.__table__.insert(),
                    [service(number, server_id)
                     for number, server_id in enumerate(new_ids)])
        with api_db.context_manager.writer.using(ctxt) as session:
            test_many_servers.copy_server(
                session, test_many_servers.API_TABLES, self.server_id,
                new_ids)
        type(self).count = count
        # Nova remembers the zone of each host.
        self.detail('admin', query='?all_tenants=1')

    def executed(self, app, path, microversion, token='admin',
                 method='GET', body=None):
        tries = []
        for _ in range(3):
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
            for version in READS_NO_SERVICES:
                more, body = self.more(path, version)
                self.assertEqual(1, more)
                self.assertEqual(count, len(body['servers']))
                self.assertEqual({'UP', 'DOWN', 'MAINTENANCE'}, {
                    server['host_status'] for server in body['servers']})
            for version in READS_SERVICES:
                more, body = self.more(path, version)
                self.assertEqual(0, more)
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
            if version in READS_NO_SERVICES:
                self.assertEqual([], [statement for statement in executed
                                      if 'FROM services' in statement])

    def test_none_for_one_server(self):
        path = '/v2.1/servers/' + self.server_id
        self.nova.request('POST', path + '/action', 'admin', {'unlock': None})
        for token in ('admin', 'owner'):
            for version in READS_NO_SERVICES + READS_SERVICES:
                self.assertLessEqual(self.more(path, version, token)[0], 0)
                self.assertLessEqual(self.more(
                    path, version, token, 'PUT',
                    {'server': {'name': 'db'}})[0], 0)

    def test_heartbeats_are_not_counted(self):
        with base.statements() as executed:
            base.ask(self.stock, 'GET', '/v2.1/servers/detail', 'owner')
        self.assertGreater(len(executed), 2)


def service(number, server_id):
    now = timeutils.utcnow()
    return {'host': 'host-' + server_id, 'binary': 'nova-compute',
            'topic': 'compute', 'uuid': str(uuid.uuid4()), 'deleted': 0,
            'report_count': 1, 'version': 60, 'created_at': now,
            'last_seen_up': now, 'disabled': number % 2 == 0,
            'forced_down': number % 3 == 0}
