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

"""A list that shows since when its servers are locked, and by which user."""

import time

from nova_lockstatus.policies import lockstatus
from nova_lockstatus.policies import server_locked_status as rules
from nova_lockstatus.tests.fixtures import base

CELLS = 2

PATH = '/v2.1/servers/detail?all_tenants=1'
ASKED = PATH + '&lock_details=true'

VERSIONS = ('2.1', '2.74', '2.75', 'latest')


class LockDetailsTestCase(base.NoHeartbeatsTestCase):

    options = {'cells': CELLS, 'hosts': ('compute1', 'compute2')}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = staticmethod(base.load_app(pipelines=()))

    def boot(self, count):
        for number in range(count):
            server_id = self.nova.boot_server(
                'server', host='compute%d' % (number % CELLS + 1))
            self.addCleanup(self.delete, server_id)
            self.lock(server_id, 'admin', 'why')

    def delete(self, server_id):
        """Delete a server, and wait until no list has it."""
        path = '/v2.1/servers/' + server_id
        self.nova.request('DELETE', path, 'admin')
        while self.nova.request('GET', path, 'admin').status_code != 404:
            time.sleep(0.05)

    def statements(self, path, version, app=None):
        """Return how many statements a list takes."""
        tries = []
        for _ in range(3):
            with base.statements() as executed:
                answer = base.ask(app or self.nova.app, 'GET', path, 'admin',
                                  version)
            self.assertEqual(200, answer.status_code, answer.text)
            tries.append(len(executed))
        return min(tries)

    def test_one_statement_more_in_a_cell_however_many_are_locked(self):
        for count in (2, 6):
            self.boot(count)
            for version in VERSIONS:
                self.assertEqual(
                    CELLS, self.statements(ASKED, version)
                    - self.statements(PATH, version))

    def test_none_for_whom_the_rules_refuse(self):
        self.boot(2)
        self.set_rule(rules.LOCKED_AT, '!')
        self.set_rule(rules.LOCKED_BY_USER_ID, '!')
        self.assertEqual(self.statements(PATH, '2.1'),
                         self.statements(ASKED, '2.1'))
        self.assertNotIn('locked_at', self.nova.request(
            'GET', ASKED, 'admin').text)

    def test_none_where_no_server_is_locked(self):
        server_id = self.nova.boot_server('server')
        self.addCleanup(self.delete, server_id)
        self.assertEqual(self.statements(PATH, '2.1'),
                         self.statements(ASKED, '2.1'))

    def test_same_as_where_one_server_is_asked_for(self):
        self.boot(2)
        for server in self.nova.request(
                'GET', ASKED, 'admin').json['servers']:
            alone = self.nova.request(
                'GET', '/v2.1/servers/' + server['id'], 'admin'
            ).json['server']
            self.assertIsNotNone(alone['locked_at'])
            for key in ('locked_at', 'locked_by_user_id'):
                self.assertEqual(alone[key], server[key])

    def test_records_that_cannot_be_read(self):
        self.boot(2)
        with base.failing('(SELECT instance_actions'):
            servers = self.nova.request('GET', ASKED, 'admin').json['servers']
        self.assertEqual(2, len(servers))
        for server in servers:
            self.assertNotIn('locked_at', server)
            self.assertEqual('admin', server['locked_by'])

    def test_strict_caller_gets_what_stock_nova_answers(self):
        self.boot(2)
        self.set_rule(lockstatus.EXTRA_KEYS, '!')
        for version in VERSIONS:
            found, stock = (
                base.ask(app, 'GET', ASKED, 'admin', version)
                for app in (self.nova.app, self.stock))
            self.assertEqual((stock.status_code, stock.text),
                             (found.status_code, found.text))

    def test_plain_list_does_not_know_the_parameter(self):
        path = '/v2.1/servers?lock_details=true'
        for version in VERSIONS:
            self.assertEqual(
                *(base.ask(app, 'GET', path, 'admin', version).status_code
                  for app in (self.nova.app, self.stock)))
