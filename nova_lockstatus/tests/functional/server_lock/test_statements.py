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

"""Pins the number of statements, so that no query per server comes back."""

import fixtures

from nova_lockstatus.tests.fixtures import base

CELLS = 2

# What Nova has no system metadata for, and what it loads all of it for.
LOADS_NO_SYSTEM_METADATA = ('2.1', '2.9', '2.72')
LOADS_SYSTEM_METADATA = ('2.73', 'latest')


class StatementsTestCase(base.NoHeartbeatsTestCase):

    options = {'cells': CELLS, 'hosts': ('compute1', 'compute2')}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = staticmethod(base.load_app(pipelines=()))

    def setUp(self):
        super().setUp()
        self.servers = []

    def boot(self, count, locked):
        for number in range(count):
            server_id = self.nova.boot_server(
                'server', host='compute%d' % (number % CELLS + 1))
            self.addCleanup(self.nova.request, 'DELETE',
                            '/v2.1/servers/' + server_id, 'admin')
            self.servers.append(server_id)
            if locked:
                self.lock(server_id, reason='why')

    def more(self, path, microversion, method='GET', body=None):
        """Return how many statements a call makes that stock Nova does not."""
        counts = []
        for app in (self.nova.app, self.stock):
            tries = []
            for _ in range(2):
                with base.statements() as executed:
                    answer = base.ask(app, method, path, 'owner',
                                      microversion, body)
                self.assertEqual(200, answer.status_code, answer.text)
                tries.append(len(executed))
            counts.append(min(tries))
        return counts[0] - counts[1]

    def ids(self):
        """Return the ids of the servers, as a list has them."""
        answer = self.nova.request('GET', '/v2.1/servers', 'owner')
        return [server['id'] for server in answer.json['servers']]

    def test_none_where_no_server_is_locked(self):
        self.boot(CELLS, locked=False)
        for version in LOADS_NO_SYSTEM_METADATA + LOADS_SYSTEM_METADATA:
            self.assertEqual(0, self.more('/v2.1/servers/detail', version))

    def test_one_in_a_cell_however_many_are_locked(self):
        for count in (2, 4):
            self.boot(count, locked=True)
            for version in LOADS_NO_SYSTEM_METADATA:
                self.assertEqual(
                    CELLS, self.more('/v2.1/servers/detail', version))
            for version in LOADS_SYSTEM_METADATA:
                self.assertEqual(
                    0, self.more('/v2.1/servers/detail', version))

    def test_one_in_a_cell_in_however_many_pages_nova_reads(self):
        self.boot(2, locked=True)
        path = '/v2.1/servers/detail?limit=50'
        with fixtures.MonkeyPatch('nova.compute.instance_list.'
                                  'get_instance_list_cells_batch_size',
                                  lambda limit, cells: 1):
            self.assertEqual(CELLS, self.more(path, '2.1'))
        self.boot(2, locked=True)
        # Those of one second come in any order, so it is the three others.
        newest = self.ids()[0]
        self.assertEqual(CELLS, self.more(
            '/v2.1/servers/detail?limit=3&marker=' + newest, '2.1'))

    def test_none_where_one_server_is_shown_but_since_when_it_is_locked(self):
        for locked in (False, True):
            self.boot(1, locked)
            path = '/v2.1/servers/' + self.servers[-1]
            for version in LOADS_NO_SYSTEM_METADATA + LOADS_SYSTEM_METADATA:
                self.assertEqual(int(locked), self.more(path, version))

    def test_none_where_a_server_is_changed(self):
        self.boot(1, locked=True)
        path = '/v2.1/servers/' + self.servers[0]
        for version in LOADS_NO_SYSTEM_METADATA + LOADS_SYSTEM_METADATA:
            self.assertEqual(0, self.more(
                path, version, 'PUT', {'server': {'name': 'server'}}))

    def test_statements_are_counted(self):
        with base.statements() as executed:
            base.ask(self.stock, 'GET', '/v2.1/servers/detail', 'owner')
        self.assertGreater(len(executed), CELLS)

    def test_none_in_what_shows_no_server(self):
        self.boot(1, locked=True)
        for path in ('/v2.1/servers', '/v2.1/flavors/detail',
                     '/v2.1/extensions'):
            self.assertEqual(0, self.more(path, '2.1'))
