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

"""Calls that change servers which they do not name."""

import functools
import time
import uuid

import fixtures
from nova.tests import fixtures as nova_fixtures

from nova_lockstatus.policies import server_state_lock as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import server_group
from nova_lockstatus.tests.fixtures.state_lock_case import EXTENSIONS
from nova_lockstatus.tests.fixtures.state_lock_case import StateLockTestCase

MAINTENANCE = {'status': 'disable', 'maintenance_mode': 'enable'}


class GroupTestCase(StateLockTestCase):
    """The members of a server group lose it when it is deleted."""

    options = {'config': EXTENSIONS, 'cells': 2,
               'hosts': ('compute1', 'compute2')}

    def delete(self, group_id, token='owner'):
        return self.ask('DELETE', '/os-server-groups/' + group_id, token)

    def assert_kept(self, group_id):
        answer = self.ask('GET', '/os-server-groups/' + group_id)
        self.assertEqual(200, answer.status_code, answer.text)

    def test_a_locked_member_keeps_its_group(self):
        free, locked = (self.boot(host=host)
                        for host in ('compute1', 'compute2'))
        group_id = server_group.make([free, locked])
        self.lock(locked, 'admin', 'unpaid')
        self.assert_locked(self.delete(group_id), locked,
                           ' by admin: unpaid')
        self.assert_kept(group_id)
        self.act(locked, {'unlock': None}, 'admin')
        self.assertEqual(204, self.delete(group_id).status_code)

    def test_admin_passes(self):
        locked = self.boot(host='compute1')
        group_id = server_group.make([locked])
        self.lock(locked, 'owner', 'mine')
        self.assert_locked(self.delete(group_id), locked, ' by owner: mine')
        self.assertEqual(204, self.delete(group_id, 'admin').status_code)

    def test_reason_of_another_projects_member_is_not_told(self):
        other = self.boot(host='compute1', token='other')
        self.lock(other, 'admin', 'unpaid')
        group_id = server_group.make([other])
        self.assert_locked(self.delete(group_id), other)

    def test_members_that_are_gone_do_not_count(self):
        gone = self.boot(host='compute1')
        self.lock(gone, 'admin', 'unpaid')
        group_id = server_group.make([gone, str(uuid.uuid4())])
        self.ask('DELETE', '/servers/' + gone, 'admin')
        while self.ask('GET', '/servers/' + gone, 'admin').status_code == 200:
            time.sleep(0.05)
        self.assertEqual(204, self.delete(group_id).status_code)

    def test_no_members(self):
        self.assertEqual(
            204, self.delete(server_group.make([])).status_code)
        self.assertEqual(404, self.delete(str(uuid.uuid4())).status_code)

    def test_a_cell_that_cannot_be_read(self):
        group_id = server_group.make(
            [self.boot(host='compute1'), self.boot(host='compute2')])
        for table in ('instances', 'instance_mappings'):
            with base.failing(table):
                self.assert_unreadable(self.delete(group_id))
        mapping = self.nova.services.cell_mappings['cell2']
        with nova_fixtures.DownCellFixture([mapping]):
            for token in ('owner', 'admin'):
                self.assert_unreadable(self.delete(group_id, token))
        self.assert_kept(group_id)

    def test_exempt(self):
        locked = self.boot(host='compute1')
        self.lock(locked, 'admin', 'unpaid')
        group_id = server_group.make([locked])
        self.configure('lockstatus', state_lock_exempt=[
            'DELETE /os-server-groups/{server_group_id}'])
        app = base.load_app(enabled_extensions='os-server-state-lock')
        answer = base.ask(app, 'DELETE', '/v2.1/os-server-groups/' + group_id,
                          'owner')
        self.assertEqual(204, answer.status_code, answer.text)

    def test_statements_do_not_grow_with_the_members(self):
        counts = []
        for number in (2, 4):
            servers = [self.boot(host=host, wait=False)
                       for host in ('compute1', 'compute2')
                       for _ in range(number // 2)]
            for server_id in servers:
                self.nova.wait_for(server_id, 'ACTIVE')
            group_id = server_group.make(servers)
            with base.statements() as executed:
                answer = self.delete(group_id)
            self.assertEqual(204, answer.status_code, answer.text)
            counts.append(sum('FROM instances' in statement
                              for statement in executed))
        self.assertEqual([2, 2], counts)


class HostCase(StateLockTestCase):
    """Remembers what the hypervisor of a host was asked to do."""

    def setUp(self):
        super().setUp()
        self.done = []
        for name, answer in (('host_power_action', 'done'),
                             ('host_maintenance_mode', 'on_maintenance'),
                             ('set_host_enabled', 'disabled')):
            self.useFixture(fixtures.MonkeyPatch(
                'nova.virt.fake.FakeDriver.' + name,
                functools.partial(self.do, name, answer)))

    def do(self, name, answer, *args, **kwargs):
        self.done.append(name)
        return answer

    def calls(self, host='compute1', token='admin'):
        """Make each call that changes the servers of a host."""
        for path in ('/reboot', '/shutdown'):
            yield self.ask('GET', '/os-hosts/%s%s' % (host, path), token)
        for body in (MAINTENANCE, {'maintenance_mode': 'ENABLE'}):
            yield self.ask('PUT', '/os-hosts/' + host, token, body)


class HostTestCase(HostCase):
    """A host goes down with all of its servers, and nobody may bypass."""

    options = {'config': EXTENSIONS, 'policy': {policies.BYPASS: '!'},
               'cells': 2, 'hosts': ('compute1', 'compute2')}

    def test_a_locked_server_keeps_its_host(self):
        self.boot(host='compute1')
        locked = self.boot(host='compute1')
        self.lock(locked, 'admin', 'unpaid')
        for answer in self.calls():
            self.assert_locked(answer, locked, ' by admin: unpaid')
        self.assertEqual([], self.done)
        for answer in self.calls('compute2'):
            self.assertEqual(200, answer.status_code, answer.text)
        self.done.clear()
        self.act(locked, {'unlock': None}, 'admin')
        for answer in self.calls():
            self.assertEqual(200, answer.status_code, answer.text)
        self.assertEqual(['host_power_action'] * 2
                         + ['set_host_enabled', 'host_maintenance_mode',
                            'host_maintenance_mode'], self.done)

    def test_what_changes_no_server(self):
        self.lock(self.boot(host='compute1'), 'admin', 'unpaid')
        for body in ({'status': 'disable'}, {'maintenance_mode': 'disable'}):
            answer = self.ask('PUT', '/os-hosts/compute1', 'admin', body)
            self.assertNotIn('is locked', answer.text)
        answer = self.ask('GET', '/os-hosts/compute1/startup', 'admin')
        self.assertEqual(200, answer.status_code, answer.text)
        self.assertEqual(['set_host_enabled', 'host_maintenance_mode',
                          'host_power_action'], self.done)

    def test_the_rule_of_the_call_comes_first(self):
        self.lock(self.boot(host='compute1'), 'admin', 'unpaid')
        for answer in self.calls(token='owner'):
            self.assertEqual(403, answer.status_code, answer.text)
            self.assertNotIn('is locked', answer.text)

    def test_a_host_that_is_not_there(self):
        for answer in self.calls('nosuch'):
            self.assertEqual(404, answer.status_code, answer.text)

    def test_a_cell_that_cannot_be_read(self):
        for table in ('instances', 'host_mappings'):
            with base.failing(table):
                for answer in self.calls():
                    self.assert_unreadable(answer)
        self.assertEqual([], self.done)


class AdminTestCase(HostCase):

    options = {'config': EXTENSIONS}

    def test_admin_passes(self):
        self.lock(self.boot(), 'admin', 'unpaid')
        for answer in self.calls():
            self.assertEqual(200, answer.status_code, answer.text)
