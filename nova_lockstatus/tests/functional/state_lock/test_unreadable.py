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

"""Calls are refused while the lock cannot be read."""

from nova.tests import fixtures as nova_fixtures

from nova_lockstatus.policies import server_state_lock as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.state_lock_case import EXTENSIONS
from nova_lockstatus.tests.fixtures.state_lock_case import RENAME
from nova_lockstatus.tests.fixtures.state_lock_case import StateLockTestCase


class UnreadableTestCase(StateLockTestCase):
    """Nobody can tell whether the server is locked."""

    options = {'config': EXTENSIONS, 'cells': 2,
               'hosts': ('compute1', 'compute2')}

    CALLS = (
        ('POST', '/action', {'os-stop': None}, '2.1'),
        ('POST', '/action', {'reboot': {'type': 'HARD'}}, '2.1'),
        ('PUT', '', RENAME, '2.1'),
        ('PUT', '', RENAME, 'latest'),
        ('DELETE', '', None, '2.1'),
        ('PUT', '/tags/red', None, '2.26'),
        ('PUT', '/metadata', {'metadata': {}}, '2.1'),
        ('DELETE', '/os-server-password', None, '2.1'),
    )

    def calls(self, server_id, calls=CALLS):
        for method, path, body, version in calls:
            for token in ('owner', 'admin'):
                yield self.ask(method, '/servers/%s%s' % (server_id, path),
                               token, body, version)

    def test_database_fails(self):
        server_id = self.boot(host='compute1')
        for locked in (False, True):
            if locked:
                self.lock(server_id, 'admin', 'unpaid')
            before = self.row(server_id)
            for table in ('instances', 'instance_mappings'):
                with base.failing(table):
                    for answer in self.calls(server_id):
                        self.assert_unreadable(answer)
            self.assertEqual(before, self.row(server_id))

    def test_cell_is_down(self):
        server_id = self.boot(host='compute2')
        mapping = self.nova.services.cell_mappings['cell2']
        with nova_fixtures.DownCellFixture([mapping]):
            # NOTE: start and stop read the database themselves, which the
            # fixture leaves up.
            for answer in self.calls(server_id, self.CALLS[1:]):
                self.assert_unreadable(answer)

    def test_what_is_not_refused_is_answered_as_by_stock_nova(self):
        server_id = self.boot(host='compute1')
        stock = base.load_app(pipelines=())
        for method, path, body in (
                ('POST', '/action', {'createImage': {'name': 'image'}}),
                ('POST', '/action', {'lock': None}),
                ('POST', '/action', {'os-getConsoleOutput': {}}),
                ('GET', '', None), ('GET', '/os-interface', None)):
            path = '/v2.1/servers/%s%s' % (server_id, path)
            with base.failing('instances'):
                answers = [base.ask(app, method, path, 'owner', body=body)
                           for app in (stock, self.nova.app)]
            self.assertEqual(500, answers[0].status_code, answers[0].text)
            self.assertEqual(500, answers[1].status_code, answers[1].text)

    def test_rule_cannot_be_asked(self):
        server_id = self.boot(host='compute1')
        self.lock(server_id, 'owner', 'mine')
        self.nova.services.policy.set_rules(
            {policies.BYPASS: 'rule:that_is_not_there'}, overwrite=False)
        self.addCleanup(self.nova.services.policy.set_rules,
                        {policies.BYPASS: 'rule:context_is_admin'},
                        overwrite=False)
        for token in ('owner', 'admin'):
            self.assert_locked(self.rename(server_id, token), server_id,
                               ' by owner: mine')
