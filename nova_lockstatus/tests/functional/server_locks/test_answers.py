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

"""What an answer costs, and who sees which key."""

from typing import Any

from nova_lockstatus.policies import server_locks as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import server_locks_case as case


class StatementsTestCase(base.NoHeartbeatsTestCase):

    options: dict[str, Any] = {'config': case.EXTENSIONS}

    def count(self, path, microversion):
        with base.statements() as executed:
            answer = self.nova.request('GET', '/v2.1/servers' + path, 'owner',
                                       microversion=microversion)
        self.assertEqual(200, answer.status_code, answer.text)
        return len(executed)

    def test_number_does_not_grow_with_servers_and_locks(self):
        first = self.nova.boot_server('a')
        before = {}
        for microversion in ('2.1', '2.73', '2.90'):
            self.count('/detail', microversion)
            before[microversion] = self.count('/detail', microversion)
        others = [self.nova.boot_server(name) for name in 'bc']
        for server_id in (first, *others):
            for token in ('owner', 'member', 'admin'):
                answer = self.nova.request(
                    'POST', '/v2.1/servers/%s/action' % server_id, token,
                    {'lock': {'locked_until': '2030-01-01T00:00:00Z'}})
                self.assertEqual(202, answer.status_code, answer.text)
        for microversion, wanted in before.items():
            self.assertEqual(wanted, self.count('/detail', microversion),
                             microversion)


class PolicyTestCase(case.ServerLocksTestCase):

    def test_key_that_a_rule_refuses_is_absent(self):
        self.set_lock(locked_until='2030-01-01T00:00:00Z')
        for rule, key, other in (
                (policies.LOCKED_UNTIL, 'locked_until', 'delete_protected'),
                (policies.DELETE_PROTECTED, 'delete_protected',
                 'locked_until')):
            self.set_rule(rule, 'rule:context_is_admin')
            for shown in (self.show(self.server_id),
                          self.detail()[self.server_id]):
                self.assertNotIn(key, shown)
                self.assertIn(other, shown)
            self.assertIn(key, self.show(self.server_id, 'admin'))
            self.set_rule(rule, '@')
