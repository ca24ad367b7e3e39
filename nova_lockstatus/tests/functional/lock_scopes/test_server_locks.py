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

"""The locks of servers in the resource os-locks."""

import datetime
import itertools

from nova.policies import lock_server as nova_policies
from nova.tests import fixtures as nova_fixtures
from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from nova_lockstatus.embedded import identity
from nova_lockstatus.policies import server_locks as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.scope_locks_case import OTHER
from nova_lockstatus.tests.fixtures.scope_locks_case import OWNER
from nova_lockstatus.tests.fixtures.scope_locks_case import ScopeLocksTestCase
from nova_lockstatus.tests.fixtures.server_locks_case import in_time

HOSTS = ('compute1', 'compute2')


class ServersTestCase(ScopeLocksTestCase):
    """Has two cells with a host each."""

    nova_options = {'cells': 2, 'hosts': HOSTS}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nova.request('DELETE', '/v2.1/servers/' + cls.server_id, 'admin')
        cls.servers = sorted(cls.nova.boot_server('s', host=host)
                             for host in HOSTS for _ in range(2))
        cls.foreign = cls.nova.boot_server('f', token='other')

    def clear(self):
        super().clear()
        for server_id in (*self.servers, self.foreign):
            while self.locks_of(server_id):
                self.act(server_id, {'unlock': None}, 'admin')

    def act(self, server_id, body, token='owner', microversion='2.1'):
        answer = self.ask('POST', '/servers/%s/action' % server_id, token,
                          body, microversion)
        self.assertEqual(202, answer.status_code, answer.text)

    def locks_of(self, server_id):
        """Return the locks that a server has of its own."""
        return [lock for lock in self.ask(
            'GET', '/servers/%s/os-locks' % server_id).json['locks']
            if lock['scope'] == 'server']

    def set_lock(self, server_id, token='owner', **keys):
        """Lock a server, and return the lock."""
        before = {lock['id'] for lock in self.locks_of(server_id)}
        self.act(server_id, {'lock': keys}, token)
        [lock] = [lock for lock in self.locks_of(server_id)
                  if lock['id'] not in before]
        return lock

    def pages(self, query, token='admin'):
        """Return the ids on each page of a list."""
        path = '/os-locks?' + query
        while path:
            answer = self.ask('GET', path, token)
            self.assertEqual(200, answer.status_code, answer.text)
            yield [lock['id'] for lock in answer.json['locks']]
            links = answer.json.get('locks_links')
            path = links and links[0]['href'].partition('/v2.1')[2]


class ListTestCase(ServersTestCase):

    def test_each_as_over_its_server(self):
        scope = self.make_lock()
        for server_id in self.servers:
            self.set_lock(server_id, 'admin', locked_reason='unpaid',
                          level='delete', origin='billing')
            self.set_lock(server_id, locked_until=in_time(days=1))
        expected = [scope] + [lock for server_id in self.servers
                              for lock in self.locks_of(server_id)]
        self.assertEqual(9, len(expected))
        self.assertEqual({'locks': expected},
                         self.ask('GET', '/os-locks').json)
        for lock in expected:
            self.assertEqual({'lock': lock}, self.ask(
                'GET', '/os-locks/' + lock['id']).json)

    def test_pages_over_cells(self):
        made = [self.make_lock()['id'] for _ in range(2)][::-1]
        for number, server_id in enumerate(self.servers):
            self.set_lock(server_id, 'admin', level=(
                'delete' if number % 2 else 'change'))
            self.set_lock(server_id)
            made += [lock['id'] for lock in self.locks_of(server_id)]
        for limit in (1, 2, 3, 5, len(made), 100):
            pages = list(self.pages('limit=%d' % limit))
            self.assertEqual(made, list(itertools.chain(*pages)))
            self.assertTrue(all(len(page) == limit for page in pages[:-1]))
        change = [lock['id'] for server_id in self.servers
                  for lock in self.locks_of(server_id)
                  if lock['level'] == 'change']
        self.assertEqual(made[:2] + change, list(itertools.chain(
            *self.pages('limit=1&level=change'))))

    def test_filters(self):
        first, second = self.servers[0], self.servers[1]
        on_host = {host: [server_id for server_id in self.servers
                          if self.host_of(server_id) == host]
                   for host in HOSTS}
        plain = self.set_lock(first)
        protection = self.set_lock(first, 'admin', level='delete',
                                   origin='billing', locked_reason='"level"')
        ending = self.set_lock(second, 'admin', locked_until=in_time(days=1),
                               release=True, origin='billing')
        foreign = self.set_lock(self.foreign, 'other',
                                locked_reason='"origin": "billing"')
        scope = self.make_lock(level='delete')
        made = {lock['id']: lock for lock in (
            plain, protection, ending, foreign, scope)}
        servers = {lock: made[lock]['scope_id'] for lock in made}
        for query, expected in (
                ('', made), ('project_id=' + OWNER, set(made) - {
                    foreign['id']}),
                ('project_id=' + OTHER, [foreign['id']]),
                ('level=delete', [scope['id'], protection['id']]),
                ('level=change', [plain['id'], ending['id'], foreign['id']]),
                ('locked_by=owner', [plain['id'], foreign['id']]),
                ('locked_by=admin', [scope['id'], protection['id'],
                                     ending['id']]),
                ('origin=billing', [protection['id'], ending['id']]),
                ('origin=billing&level=change', [ending['id']]),
                ('origin=bill', []), ('expired=true', []),
                ('expired=false', made),
                *(('host=' + host, [lock for lock in made if
                                    servers[lock] in on_host[host]])
                  for host in HOSTS),
                ('host=compute3', []),
                ('server_id=' + first, [plain['id'], protection['id'],
                                        scope['id']]),
                ('server_id=%s&host=%s' % (first, self.host_of(first)),
                 [plain['id'], protection['id']])):
            if query.startswith('host='):
                expected = set(expected) | (
                    {foreign['id']} if self.host_of(self.foreign)
                    == query[5:] else set())
            self.assertEqual(set(expected), set(self.list_locks('?' + query)),
                             query)

    def host_of(self, server_id):
        return self.ask('GET', '/servers/' + server_id).json['server'][
            'OS-EXT-SRV-ATTR:host']

    def test_pages_of_one_server(self):
        server_id = self.servers[0]
        self.set_lock(server_id)
        self.set_lock(server_id, 'admin')
        self.make_lock()
        made = self.list_locks('?server_id=' + server_id)
        self.assertEqual(3, len(made))
        self.assertEqual(made, list(itertools.chain(
            *self.pages('limit=1&server_id=' + server_id))))

    def test_expired(self):
        server_id = self.servers[0]
        stays = self.set_lock(server_id, locked_until=in_time(seconds=2))
        goes = self.set_lock(server_id, 'admin', release=True,
                             locked_until=in_time(seconds=2))
        lasting = self.set_lock(self.servers[1])
        self.assertEqual([], self.list_locks('?expired=true'))
        ahead = timeutils.utcnow() + datetime.timedelta(seconds=60)
        with time_fixture.TimeFixture(ahead):
            self.assertEqual([stays['id']], self.list_locks('?expired=true'))
            self.assertEqual([lasting['id']],
                             self.list_locks('?expired=false'))
            self.assertEqual({stays['id'], lasting['id']},
                             set(self.list_locks()))
            self.assertEqual([[lasting['id']], []], list(self.pages(
                'limit=1&expired=false')))
            self.message(self.ask('GET', '/os-locks/' + goes['id']), 404)

    def test_marker_that_fits_no_more(self):
        first = self.set_lock(self.servers[0])
        second = self.set_lock(self.servers[1])
        [page] = [self.list_locks('?limit=1&level=change')]
        self.assertEqual([first['id']], page)
        self.ask('PUT', '/os-locks/' + first['id'], body={
            'lock': {'level': 'delete'}})
        self.assertEqual([second['id']], self.list_locks(
            '?level=change&marker=' + first['id']))

    def test_marker_of_another_project(self):
        foreign = self.set_lock(self.foreign, 'other')
        for marker in (foreign['id'], self.servers[0]):
            self.assertIn('marker', self.message(self.ask(
                'GET', '/os-locks?marker=' + marker, 'owner'), 400))

    def test_lock_of_before_the_extension(self):
        """Stock Nova has locked the server, and recorded it."""
        server_id = self.servers[0]
        stock = base.load_app(pipelines=())
        base.ask(stock, 'POST', '/v2.1/servers/%s/action' % server_id,
                 'owner', '2.73', {'lock': {'locked_reason': 'mine'}})
        [lock] = self.ask('GET', '/os-locks').json['locks']
        self.assertEqual(('owner', 'mine', identity.OWNER.user_id, server_id),
                         (lock['locked_by'], lock['locked_reason'],
                          lock['locked_by_user_id'], lock['scope_id']))
        self.assertNotIn('1970', lock['locked_at'])
        self.assertEqual([lock], self.locks_of(server_id))
        path = '/os-locks/' + lock['id']
        self.assertEqual({'lock': lock}, self.ask('GET', path).json)
        lock['locked_until'] = in_time(days=1)
        answer = self.ask('PUT', path, body={
            'lock': {'locked_until': lock['locked_until']}})
        self.assertEqual((200, {'lock': lock}),
                         (answer.status_code, answer.json))
        self.assertEqual(204, self.ask('DELETE', path).status_code)
        self.assertEqual([], self.list_locks())

    def test_cell_that_is_down(self):
        made = {self.set_lock(server_id)['id']: server_id
                for server_id in self.servers}
        mapping = self.nova.services.cell_mappings['cell2']
        with nova_fixtures.DownCellFixture([mapping]):
            found = self.list_locks()
            self.assertEqual({'compute1'}, {
                self.host_of(made[lock]) for lock in found})
            self.assertEqual(2, len(found))
            self.configure('api', list_records_by_skipping_down_cells=False)
            self.message(self.ask('GET', '/os-locks'), 503)

    def test_rule_on_the_locks_of_a_server(self):
        lock = self.set_lock(self.servers[0])
        scope = self.make_lock()
        self.set_rule(policies.SERVER_INDEX, 'rule:context_is_admin')
        self.assertEqual([scope['id']], self.list_locks('', 'owner'))
        self.message(self.ask('GET', '/os-locks/' + lock['id'], 'owner'), 404)
        self.assertEqual([scope['id'], lock['id']], self.list_locks())


class StatementsTestCase(ServersTestCase):

    def test_a_page(self):
        """It takes as many statements for all servers as for one."""
        counts = []
        for server_id in self.servers:
            self.set_lock(server_id)
            self.set_lock(server_id, 'admin', locked_reason='x' * 255)
            self.list_locks()
            with base.statements() as executed:
                self.list_locks()
            found = [text for text in executed if 'services' not in text]
            counts.append(len(found))
        # The store, the list of cells, and two in each cell that has locks;
        # cell0 has none.
        self.assertLessEqual(max(counts), 2 + 1 + 2 * 2 + 1, executed)
        self.assertEqual(counts[-1], counts[-2])

    def test_one(self):
        lock = self.set_lock(self.servers[0])
        with base.statements() as executed:
            self.ask('GET', '/os-locks/' + lock['id'])
        mine = [text for text in executed if 'instance_mappings' in text]
        # One finds the server, the other is Nova's own.
        self.assertLessEqual(len(mine), 2, executed)
        self.assertEqual([], [text for text in executed
                              if 'scope_locks' in text])


class ChangeTestCase(ServersTestCase):

    def put(self, lock, token, **keys):
        return self.ask('PUT', '/os-locks/' + lock['id'], token,
                        {'lock': keys})

    def lift(self, lock, token):
        return self.ask('DELETE', '/os-locks/' + lock['id'], token)

    def test_each_key(self):
        server_id = self.servers[0]
        lock = self.set_lock(server_id, locked_reason='mine')
        for given in ({'locked_reason': 'ours'}, {'locked_reason': None},
                      {'locked_until': in_time(hours=1), 'release': True},
                      {'level': 'delete', 'origin': 'billing'},
                      {'locked_until': None}):
            lock.update(given)
            if given.get('locked_until', True) is None:
                lock['release'] = False
            answer = self.put(lock, 'owner', **given)
            # Who made it is for administrators alone to know.
            self.assertEqual((200, {'lock': {
                key: value for key, value in lock.items()
                if key not in ('locked_by_user_id', 'locked_by_project_id')}}),
                (answer.status_code, answer.json))
            self.assertEqual([lock], self.locks_of(server_id))
            self.assertEqual(lock['level'] == 'change', self.ask(
                'GET', '/servers/' + server_id).json['server']['locked'])
        for given in ({'create': True}, {'release': True}, {},
                      {'locked_until': '2020-01-01T00:00:00Z'}):
            self.message(self.put(lock, 'owner', **given), 400)
        self.assertEqual([lock], self.locks_of(server_id))

    def test_only_the_one_that_is_named_goes(self):
        server_id = self.servers[0]
        mine = self.set_lock(server_id)
        others = [self.set_lock(server_id, 'member'),
                  self.set_lock(server_id, 'admin', level='delete')]
        self.assertEqual(204, self.lift(mine, 'owner').status_code)
        self.assertEqual({lock['id'] for lock in others},
                         {lock['id'] for lock in self.locks_of(server_id)})
        self.message(self.lift(mine, 'owner'), 404)
        self.assertTrue(self.ask('GET', '/servers/' + server_id).json[
            'server']['locked'])

    def test_last_of_the_level_change_unlocks(self):
        server_id = self.servers[0]
        self.set_lock(server_id, 'admin', level='delete')
        lock = self.set_lock(server_id)
        self.lift(lock, 'owner')
        self.assertFalse(self.ask('GET', '/servers/' + server_id).json[
            'server']['locked'])
        actions = [action['action'] for action in self.ask(
            'GET', '/servers/%s/os-instance-actions' % server_id,
        ).json['instanceActions']]
        self.assertEqual('unlock', actions[0])

    def test_who_may(self):
        """An owner's lock, and an admin's, for each kind of caller."""
        for maker, token, put, lifted in (
                ('owner', 'owner', 200, 204), ('owner', 'member', 200, 204),
                ('owner', 'admin', 200, 204), ('owner', 'reader', 403, 403),
                ('owner', 'other', 404, 404),
                ('admin', 'owner', 403, 403), ('admin', 'member', 403, 403),
                ('admin', 'admin', 200, 204), ('admin', 'reader', 403, 403),
                ('admin', 'other', 404, 404)):
            lock = self.set_lock(self.servers[0], maker)
            self.assertEqual(
                put, self.put(lock, token, level='delete').status_code,
                (maker, token))
            self.assertEqual(lifted, self.lift(lock, token).status_code,
                             (maker, token))
            stays = [] if lifted == 204 else [lock['id']]
            self.assertEqual(stays, self.list_locks())
            self.lift(lock, 'admin')

    def test_novas_rules_count(self):
        lock = self.set_lock(self.servers[0])
        for rule, call in (('lock', self.put), ('unlock', self.lift)):
            self.set_rule(nova_policies.POLICY_ROOT % rule, '!')
            keys = {'level': 'delete'} if rule == 'lock' else {}
            self.message(call(lock, 'admin', **keys), 403)
        self.assertEqual([lock], self.ask('GET', '/os-locks').json['locks'])


class NoStoreTestCase(base.NovaTestCase):

    options = {'config': {('lockstatus', 'enabled_extensions'):
                          ScopeLocksTestCase.aliases}}

    def test_servers_have_theirs(self):
        server_id = self.nova.boot_server('db')
        self.lock(server_id, reason='mine')
        [lock] = self.nova.request(
            'GET', '/v2.1/os-locks', 'owner').json['locks']
        self.assertEqual('mine', lock['locked_reason'])
        path = '/v2.1/os-locks/' + lock['id']
        self.assertEqual({'lock': lock}, self.nova.request(
            'GET', path, 'owner').json)
        self.assertEqual(204, self.nova.request(
            'DELETE', path, 'owner').status_code)
        for method in ('GET', 'DELETE'):
            self.assertEqual(404, self.nova.request(
                method, path, 'owner').status_code)
