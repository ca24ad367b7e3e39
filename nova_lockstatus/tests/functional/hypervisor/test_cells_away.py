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

"""One line for each time that a cell is away, whatever is listed."""

import contextlib

import fixtures
from nova.tests import fixtures as nova_fixtures

from nova_lockstatus.api.hooks import server_list
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import hypervisor_hosts
from nova_lockstatus.tests.fixtures import base


class CellsAwayTestCase(base.NovaTestCase):

    options = {'cells': 2, 'hosts': ('compute1', 'compute2')}

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.cell = self.nova.services.cell_mappings['cell2']

    def ask(self, path, token='owner'):
        answer = self.nova.request('GET', '/v2.1' + path, token)
        self.assertEqual(200, answer.status_code, answer.text)

    def assert_logged(self, line, cell, path, token, away):
        line %= cells.label(cell)
        for number in (1, 2):
            with away():
                for _ in range(3):
                    self.ask(path, token)
            self.assertEqual(
                2 * number - 1, self.log.output.count(line + ': '))
            self.ask(path, token)
            self.assertEqual(
                number, self.log.output.count(line + ': works again.'))

    def test_hypervisors(self):
        self.assert_logged(
            hypervisor_hosts.LEFT_OUT, self.cell, '/os-hypervisors/detail',
            'admin', lambda: nova_fixtures.DownCellFixture([self.cell]))

    def test_servers(self):
        server_id = self.nova.boot_server('db', host='compute2')
        self.lock(server_id, 'admin', 'unpaid')

        @contextlib.contextmanager
        def away():
            with base.failing('instance_system_metadata'):
                yield

        self.assert_logged(server_list.LEFT_OUT, self.cell,
                           '/servers/detail', 'owner', away)
