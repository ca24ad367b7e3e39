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

"""Walks Nova's table of routes under the lock of a project and of a host."""

from typing import Any

from nova import policies as nova_policies

from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.policies import server_locks as policies
from nova_lockstatus.tests.fixtures import server_group as group
from nova_lockstatus.tests.fixtures import state_lock_requests as requests
from nova_lockstatus.tests.fixtures.scope_locks_case import OWNER
from nova_lockstatus.tests.fixtures.scope_locks_case import ScopeLocksTestCase
from nova_lockstatus.tests.fixtures.state_lock_case import FloatingIp

OPEN = {rule.name: '@' for rule in nova_policies.list_rules()
        if rule.name.startswith('os_compute_api:')}
"""Everybody passes the rule of each call."""

SCOPES = (('project', OWNER), ('host', 'compute1'))


class CallsTestCase(ScopeLocksTestCase):
    """Each call that the installed Nova has, and nobody may bypass a lock."""

    nova_options: dict[str, Any] = {
        'policy': OPEN | {policies.BYPASS: '!'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group.make([cls.server_id], requests.UUID)
        attached = cls.nova.boot_server('attached', networks='auto')
        cls.port = cls.nova.request(
            'GET', '/v2.1/servers/%s/os-interface' % attached, 'owner',
        ).json['interfaceAttachments'][0]

    def setUp(self):
        super().setUp()
        self.address = self.useFixture(FloatingIp(self.port))

    def calls(self):
        """Yield each call that changes a server, and a valid request."""
        for name, method, path, _function in state_lock.calls():
            if (state_lock_calls.kind(name)
                    is state_lock_calls.Kind.CHANGES
                    and name not in requests.EXEMPT
                    and not path.startswith('/os-volumes_boot/')):
                for request in requests.CHANGES.get(name, ()):
                    yield name, method, path, request

    def test_each_is_refused(self):
        for scope, scope_id in SCOPES:
            lock = self.make_lock(scope, scope_id, locked_reason='unpaid')
            seen = set()
            for name, method, path, request in self.calls():
                filled, body = requests.fill(name, path, request,
                                             self.server_id)
                for token in ('owner', 'admin'):
                    answer = self.nova.request(
                        method, '/v2.1' + filled, token, body,
                        request.microversion)
                    if answer.status_code == 410:
                        # Nova has it no more.
                        continue
                    self.assertRegex(
                        self.message(answer),
                        'Instance .* is locked with its %s by admin: unpaid$'
                        % scope, (name, token))
                    seen.add(name)
            self.assertGreater(len(seen), 50)
            self.ask('DELETE', '/os-locks/' + lock['id'])
        self.assertEqual([], self.address.updated)

    def test_store_fails(self):
        with self.store_fails():
            for name, method, path, request in self.calls():
                filled, body = requests.fill(name, path, request,
                                             self.server_id)
                answer = self.nova.request(
                    method, '/v2.1' + filled, 'admin', body,
                    request.microversion)
                if answer.status_code != 410:
                    self.assertEqual(state_lock.UNREADABLE,
                                     self.message(answer, 503), name)


class OthersTestCase(ScopeLocksTestCase):
    """A call names one server and changes more."""

    def test_group_with_many_members_takes_one_statement(self):
        members = [self.server_id, *(self.boot() for _ in range(3))]
        group.make(members, requests.UUID)
        self.make_lock()
        self.set_rule(policies.BYPASS, '!')
        with self.statements_of_store() as statements:
            self.message(self.ask('DELETE', '/os-server-groups/'
                                  + requests.UUID))
        # The refusal says what was read.
        self.assertEqual(1, len(statements), statements)
