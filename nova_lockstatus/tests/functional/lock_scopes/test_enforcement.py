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

"""Calls that the lock of a project or a host refuses, and servers shown."""

from nova.tests import fixtures as nova_fixtures
from oslo_utils.fixture import uuidsentinel

from nova_lockstatus.api.hooks import server_locks_gate
from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.embedded import identity
from nova_lockstatus.policies import server_locks as policies
from nova_lockstatus.policies import server_state_lock as state_lock_policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.scope_locks_case import OTHER
from nova_lockstatus.tests.fixtures.scope_locks_case import OWNER
from nova_lockstatus.tests.fixtures.scope_locks_case import ScopeLocksTestCase
from nova_lockstatus.tests.fixtures.server_locks_case import in_time

IMAGE = '76fa36fc-c930-4bf3-8c8a-ea2a2420deb6'


class EnforcementTestCase(ScopeLocksTestCase):

    def act(self, body, token='owner', server_id=None):
        return self.ask('POST', '/servers/%s/action' % (
            server_id or self.server_id), token, body)

    def changes(self, token='owner'):
        """Yield the answers of calls that change a server."""
        yield self.rename(token)
        yield self.act({'reboot': {'type': 'HARD'}}, token)
        yield self.act({'os-stop': None}, token)
        yield self.ask('POST', '/servers/%s/metadata' % self.server_id, token,
                       {'metadata': {'a': 'b'}})
        yield self.ask('DELETE', '/servers/' + self.server_id, token)

    def test_each_scope(self):
        for scope, scope_id, text in (
                ('project', OWNER, ' with its project by admin: unpaid'),
                ('host', 'compute1', ' with its host by admin: unpaid')):
            lock = self.make_lock(scope, scope_id, locked_reason='unpaid')
            for token in ('owner', 'member'):
                for answer in self.changes(token):
                    self.assert_locked(answer, text)
            self.assertEqual(200, self.rename('admin').status_code)
            self.ask('DELETE', '/os-locks/' + lock['id'])
            self.assertEqual(200, self.rename().status_code)

    def test_what_is_not_locked(self):
        self.make_lock('project', OTHER)
        self.make_lock(level='delete')
        self.assertEqual(200, self.rename().status_code)
        self.make_lock()
        for body, status in (({'createImage': {'name': 'image'}}, 202),
                             ({'os-getConsoleOutput': {}}, 200),
                             ({'lock': None}, 202), ({'unlock': None}, 202)):
            answer = self.act(body)
            self.assertEqual(status, answer.status_code, answer.text)
        self.nova.wait_for(self.server_id, 'ACTIVE')

    def test_level_delete(self):
        self.make_lock(level='delete', locked_reason='legal hold')
        self.assertEqual(200, self.rename().status_code)
        for answer in (
                self.ask('DELETE', '/servers/' + self.server_id, 'owner'),
                self.act({'rebuild': {'imageRef': IMAGE}})):
            self.assertIn('legal hold', self.message(answer))

    def test_bypass(self):
        self.make_lock(locked_reason='unpaid')
        self.set_rule(policies.BYPASS, '!')
        self.assert_locked(self.rename('admin'),
                           ' with its project by admin: unpaid')
        self.set_rule(policies.BYPASS, 'role:reader')
        self.assertEqual(200, self.rename('owner').status_code)

    def test_until(self):
        lock = self.make_lock(locked_reason='a', release=True,
                              locked_until='2031-12-24T08:00:00+01:00')
        self.assertIn(' until 2031-12-24 07:00 UTC: a',
                      self.message(self.rename()))
        self.ask('PUT', '/os-locks/' + lock['id'], body={
            'lock': {'locked_until': in_time(seconds=2)}})
        self.assertEqual(409, self.rename().status_code)
        self.end(lock)
        self.assertEqual(200, self.rename().status_code)
        self.assertEqual([], self.list_locks())

    def end(self, lock):
        """Let the end of a lock be in the past."""
        with self.store.connect() as connection:
            connection.exec_driver_sql(
                "UPDATE scope_locks SET until = '2020-01-01 00:00:00.000000' "
                "WHERE id = '%s'" % lock['id'])

    def test_expired_stays_in_force(self):
        lock = self.make_lock(locked_until=in_time(hours=1))
        self.end(lock)
        self.assertEqual(409, self.rename().status_code)
        self.assertEqual([lock['id']], self.list_locks('?expired=true'))

    def test_one_statement(self):
        self.make_lock()
        with self.statements_of_store() as statements:
            self.assertEqual(409, self.rename().status_code)
        self.assertEqual(1, len(statements), statements)

    def test_store_fails(self):
        name = self.show(self.server_id)['name']
        with self.store_fails():
            for token in ('owner', 'admin'):
                for answer in self.changes(token):
                    self.assertEqual(state_lock.UNREADABLE,
                                     self.message(answer, 503))
            answer = self.create()
            self.assertEqual(server_locks_gate.PROJECT_UNREADABLE,
                             self.message(answer, 503))
            self.assertEqual(base.UNLOCKED, base.lock_of(
                self.show(self.server_id)))
            # What a lock does not refuse needs no look at the locks.
            answer = self.act({'createImage': {'name': 'image'}})
            self.assertEqual(202, answer.status_code, answer.text)
        self.nova.wait_for(self.server_id, 'ACTIVE')
        self.assertEqual(name, self.show(self.server_id)['name'])

    def create(self, token='owner', path='/servers'):
        return self.ask('POST', path, token, {'server': {
            'name': 'new', 'imageRef': IMAGE, 'networks': 'none',
            'flavorRef': '1'}}, '2.37')

    def assert_project_locked(self, answer):
        self.assertEqual(
            'Project %s is locked against deletion by admin: unpaid' % OWNER,
            self.message(answer))

    def test_new_servers(self):
        self.make_lock(locked_reason='x', create=False)
        lock = self.make_lock(create=True, level='delete',
                              locked_reason='unpaid')
        before = set(self.detail())
        self.assert_project_locked(self.create())
        answer = self.create(path='/os-volumes_boot')
        # NOTE: stock Nova 34 answers 500 to each such call.
        if answer.status_code != 500:
            self.assert_project_locked(answer)
        self.assertLessEqual(set(self.detail()), before)
        for token in ('other', 'admin'):
            answer = self.create(token)
            self.assertEqual(202, answer.status_code, answer.text)
            self.ask('DELETE', '/servers/' + answer.json['server']['id'])
        self.ask('DELETE', '/os-locks/' + lock['id'])
        answer = self.create()
        self.assertEqual(202, answer.status_code, answer.text)
        self.ask('DELETE', '/servers/' + answer.json['server']['id'])

    def test_refusal_names_all(self):
        self.make_lock(locked_reason='unpaid')
        self.make_lock('host', 'compute1', locked_reason='disk',
                       level='delete')
        self.lock(self.server_id, 'owner', 'mine')
        self.addCleanup(self.act, {'unlock': None}, 'admin')
        self.assert_locked(
            self.rename(), ' with its project by admin: unpaid. It also has: '
            'lock by owner: mine; host lock against deletion by admin: disk')

    def test_shown(self):
        self.make_lock(locked_reason='unpaid', locked_until=in_time(days=1))
        expected = {'locked': True, 'locked_by': 'admin',
                    'locked_reason': 'unpaid'}
        for version in ('2.1', '2.9', '2.73', 'latest'):
            for token in ('owner', 'admin'):
                shown = self.show(self.server_id, token, version)
                self.assertEqual(expected, base.lock_of(shown), version)
                with self.statements_of_store() as statements:
                    listed = self.detail(token, version, '?all_tenants=1' if (
                        token == 'admin') else '')
                self.assertEqual(1, len(statements))
                self.assertEqual(expected,
                                 base.lock_of(listed[self.server_id]))
                self.assertIsNotNone(shown['locked_until'])
                self.assertEqual(shown['locked_until'],
                                 listed[self.server_id]['locked_until'])
                self.assertIs(False, shown['delete_protected'])
        shown = self.show(self.server_id, 'admin')
        self.assertIsNotNone(shown['locked_at'])
        self.assertEqual(identity.ADMIN.user_id, shown['locked_by_user_id'])

    def test_shown_beside_its_own(self):
        self.make_lock('host', 'compute1', locked_reason='disk')
        self.addCleanup(self.act, {'unlock': None}, 'admin')
        self.lock(self.server_id, 'owner', 'mine')
        self.assertEqual('disk', self.show(self.server_id)['locked_reason'])
        self.act({'unlock': None}, 'owner')
        self.lock(self.server_id, 'admin', 'its own')
        self.assertEqual('its own', self.show(self.server_id)['locked_reason'])

    def test_shown_as_protected(self):
        self.make_lock(level='delete')
        shown = self.show(self.server_id)
        self.assertEqual(base.UNLOCKED, base.lock_of(shown))
        self.assertIs(True, shown['delete_protected'])

    def test_filter_is_of_novas_column(self):
        self.make_lock()
        self.assertEqual({}, self.detail(query='?locked=true'))
        self.assertEqual([self.server_id],
                         list(self.detail(query='?locked=false')))

    def test_other_pipelines(self):
        self.make_lock(locked_reason='unpaid')
        other = base.load_app(enabled_extensions='os-server-locked-status')
        answer = base.ask(other, 'GET', '/v2.1/servers/' + self.server_id,
                          'owner')
        self.assertEqual(base.UNLOCKED, base.lock_of(answer.json['server']))

    def test_moved_to_a_locked_host(self):
        """A lock counts for a server that is there, not for who moves it."""
        self.make_lock('host', 'compute1')
        server_id = self.boot(host='compute1')
        self.assert_locked(self.rename(server_id=server_id),
                           ' with its host by admin', server_id)


class WithStateLockTestCase(ScopeLocksTestCase):

    aliases = [*ScopeLocksTestCase.aliases, 'os-server-state-lock']

    def test_both_rules_let_pass(self):
        self.make_lock(locked_reason='unpaid')
        self.assertEqual(200, self.rename('admin').status_code)
        self.set_rule(state_lock_policies.BYPASS, '!')
        self.assert_locked(self.rename('admin'),
                           ' with its project by admin: unpaid')


class TwoCellsTestCase(ScopeLocksTestCase):

    nova_options = {'cells': 2, 'hosts': ('compute1', 'compute2')}

    def test_host_in_its_cell(self):
        other_id = self.boot(host='compute1')
        server_id = self.boot(host='compute2')
        self.make_lock('host', 'compute2')
        self.assertEqual(409, self.rename(server_id=server_id).status_code)
        self.assertEqual(200, self.rename(server_id=other_id).status_code)
        with self.statements_of_store() as statements:
            listed = self.detail()
        self.assertEqual(1, len(statements))
        self.assertEqual(
            [True, False],
            [listed[uuid]['locked'] for uuid in (server_id, other_id)])

    def test_cell_that_is_down(self):
        server_id = self.boot(host='compute2')
        self.make_lock('host', 'compute2')
        mapping = self.nova.services.cell_mappings['cell2']
        with nova_fixtures.DownCellFixture([mapping]):
            listed = self.detail(microversion='2.69')
            self.assertNotIn('locked', listed[server_id])

    def test_unknown_server(self):
        self.message(self.ask(
            'GET', '/servers/%s/os-locks' % uuidsentinel.unknown), 404)


class NoStoreTestCase(base.NovaTestCase):

    options = {'config': {('lockstatus', 'enabled_extensions'):
                          ScopeLocksTestCase.aliases}}

    def test_no_locks_of_projects(self):
        server_id = self.nova.boot_server('db')
        answer = self.nova.request(
            'POST', '/v2.1/os-locks', 'admin', {'lock': {
                'scope': 'project', 'scope_id': OWNER}})
        self.assertEqual(501, answer.status_code, answer.text)
        answer = self.nova.request(
            'GET', '/v2.1/servers/%s/os-locks' % server_id, 'owner')
        self.assertEqual((200, {'locks': []}),
                         (answer.status_code, answer.json))
        self.assertEqual(base.UNLOCKED, base.lock_of(self.show(server_id)))
