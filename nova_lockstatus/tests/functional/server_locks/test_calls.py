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

"""Walks Nova's table of routes: which call does which level of lock refuse?"""

from typing import Any

import fixtures
from nova import objects
from nova import policies as nova_policies

from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.tests.fixtures import server_group as group
from nova_lockstatus.tests.fixtures import server_locks_case as case
from nova_lockstatus.tests.fixtures import state_lock_requests as requests
from nova_lockstatus.tests.fixtures.state_lock_case import FloatingIp

OPEN = {rule.name: '@' for rule in nova_policies.list_rules()
        if rule.name.startswith('os_compute_api:')}
"""Everybody passes the rule of each call."""

DESTROYING = {
    'DELETE /servers/{}', 'DELETE /os-volumes_boot/{}', 'forceDelete',
    'rebuild', 'shelve', 'shelveOffload',
    'PUT /servers/{}/os-volume_attachments/{}',
    'DELETE /servers/{}/os-volume_attachments/{}'}

PROTECTED = 'is locked against deletion by admin: legal hold'


class CallsTestCase(case.ServerLocksTestCase):
    """Each call that the installed Nova has."""

    options: dict[str, Any] = {'config': case.EXTENSIONS, 'policy': OPEN}

    def make(self, name, method, path, request, token):
        filled, body = requests.fill(name, path, request, self.server_id)
        return self.nova.request(method, '/v2.1' + filled, token, body,
                                 request.microversion)

    def calls(self):
        """Yield each call that changes a server, and a valid request."""
        for name, method, path, _function in state_lock.calls():
            if (state_lock_calls.kind(name)
                    is state_lock_calls.Kind.CHANGES
                    and not path.startswith('/os-volumes_boot/')):
                for request in requests.CHANGES.get(name, ()):
                    yield name, method, path, request

    def test_level_delete(self):
        group.make([self.server_id], requests.UUID)
        port = self.nova.request(
            'GET', '/v2.1/servers/%s/os-interface' % self.boot(
                'attached', networks='auto'), 'owner',
        ).json['interfaceAttachments'][0]
        self.useFixture(FloatingIp(port))
        self.useFixture(fixtures.MonkeyPatch(
            'nova.objects.BlockDeviceMapping.get_by_volume_and_instance',
            lambda *args, **kwargs: objects.BlockDeviceMapping(
                boot_index=0)))
        self.set_lock('admin', level='delete', locked_reason='legal hold')
        seen = set()
        for name, method, path, request in self.calls():
            answer = self.make(name, method, path, request, 'owner')
            if name in DESTROYING:
                self.assertEqual(409, answer.status_code,
                                 (name, answer.text))
                self.assertEqual(
                    'Instance %s %s' % (self.server_id, PROTECTED),
                    answer.json['conflictingRequest']['message'])
                seen.add(name)
            else:
                self.assertNotIn('is locked', answer.text, name)
        self.assertEqual({'DELETE /os-volumes_boot/{}'}, DESTROYING - seen)
        self.assertEqual(200, self.nova.request(
            'GET', '/v2.1/servers/' + self.server_id, 'owner').status_code)

    def test_level_change(self):
        """It refuses what a lock of Nova's refuses, and nothing else."""
        self.set_lock('admin', locked_reason='unpaid')
        for name, method, path, request in self.calls():
            # Nova's lock does not refuse what is not about a swap.
            if name in DESTROYING and 'volume_attachments' not in name:
                answer = self.make(name, method, path, request, 'owner')
                self.assertEqual(409, answer.status_code,
                                 (name, answer.text))
                self.assertEqual(
                    'Instance %s is locked by admin: unpaid' % self.server_id,
                    answer.json['conflictingRequest']['message'])

    def test_each_name_is_a_call_of_nova(self):
        known = {name for name, *_rest in state_lock.calls()}
        self.assertEqual(set(), set(state_lock_calls.DESTROYS) - known)
        self.assertEqual(DESTROYING, set(state_lock_calls.DESTROYS))
        for call in DESTROYING:
            self.assertIs(state_lock_calls.Kind.CHANGES,
                          state_lock_calls.kind(call))
