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

"""The resource os-locks."""

from nova_lockstatus.embedded import identity
from nova_lockstatus.policies import server_locks as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.scope_locks_case import OTHER
from nova_lockstatus.tests.fixtures.scope_locks_case import OWNER
from nova_lockstatus.tests.fixtures.scope_locks_case import ScopeLocksTestCase
from nova_lockstatus.tests.fixtures.server_locks_case import in_time

ADMIN = identity.ADMIN


class ResourceTestCase(ScopeLocksTestCase):

    def test_all_keys(self):
        until = in_time(days=2)
        given = {'locked_reason': 'unpaid', 'locked_until': until,
                 'release': True, 'level': 'delete', 'origin': 'billing/v2',
                 'create': True}
        lock = self.make_lock(**given)
        self.assertEqual(
            {**given, 'scope': 'project', 'scope_id': OWNER,
             'locked_by': 'admin', 'expired': False,
             'locked_by_user_id': ADMIN.user_id,
             'locked_by_project_id': ADMIN.project_id},
            {key: value for key, value in lock.items()
             if key not in ('id', 'locked_at')})
        answer = self.ask('GET', '/os-locks/' + lock['id'])
        self.assertEqual({'lock': lock}, answer.json)
        listed = self.ask('GET', '/os-locks')
        self.assertEqual({'locks': [lock]}, listed.json)

    def test_defaults(self):
        lock = self.make_lock('host', 'compute1')
        self.assertEqual(
            ('host', 'compute1', 'change', None, None, False, False, None),
            tuple(lock[key] for key in (
                'scope', 'scope_id', 'level', 'locked_reason', 'locked_until',
                'release', 'create', 'origin')))

    def test_each_path_and_microversion(self):
        lock = self.make_lock()
        for path, versions in (
                ('/v2.1', ('2.1', '2.73', 'latest')),
                ('/v2.1/' + ADMIN.project_id, ('2.1', 'latest')),
                ('/v2', (None,)), ('/v2/' + ADMIN.project_id, (None,))):
            for version in versions:
                for resource, expected in (
                        ('/os-locks', {'locks': [lock]}),
                        ('/os-locks/' + lock['id'], {'lock': lock}),
                        ('/servers/%s/os-locks' % self.server_id,
                         {'locks': [lock]})):
                    answer = self.nova.request(
                        'GET', path + resource, 'admin', microversion=version)
                    self.assertEqual((200, expected), (
                        answer.status_code, answer.json), path + resource)

    def test_replace(self):
        lock = self.make_lock(locked_reason='unpaid', origin='billing')
        path = '/os-locks/' + lock['id']
        for given in ({'locked_reason': 'paid in part'},
                      {'locked_reason': None, 'level': 'delete'},
                      {'locked_until': in_time(hours=1), 'release': True},
                      {'release': False, 'create': True},
                      {'locked_until': None, 'origin': None}):
            lock.update(given)
            answer = self.ask('PUT', path, body={'lock': given})
            self.assertEqual((200, {'lock': lock}),
                             (answer.status_code, answer.json))
            self.assertEqual({'lock': lock}, self.ask('GET', path).json)

    def test_delete(self):
        lock, other = self.make_lock(), self.make_lock()
        path = '/os-locks/' + lock['id']
        answer = self.ask('DELETE', path)
        self.assertEqual((204, ''), (answer.status_code, answer.text))
        for method in ('GET', 'DELETE'):
            self.assertEqual(
                'Lock %s could not be found.' % lock['id'],
                self.message(self.ask(method, path), 404))
        self.assertEqual([other['id']], self.list_locks())

    BAD = (
        ({}, 'lock'), ({'lock': {}}, 'lock'), (None, 'None'),
        ({'lock': {'scope': 'cell', 'scope_id': 'x'}}, 'scope'),
        ({'lock': {'scope': 'server', 'scope_id': 'x'}}, 'scope'),
        ({'lock': {'scope': 'project', 'scope_id': ''}}, 'scope_id'),
        ({'lock': {'scope': 'project'}}, 'scope_id'),
        ({'lock': {'scope': 'host', 'scope_id': 'compute9'}}, 'compute9'),
        ({'lock': {'scope': 'host', 'scope_id': 'compute1',
                   'create': True}}, 'create'),
        *(({'lock': {'scope': 'project', 'scope_id': 'x', **keys}}, word)
          for keys, word in (
              ({'locked_reason': ''}, 'locked_reason'),
              ({'locked_reason': 'x' * 256}, 'locked_reason'),
              ({'locked_until': 'tomorrow'}, 'locked_until'),
              ({'locked_until': '2020-01-01T00:00:00Z'}, 'in the past'),
              ({'release': True}, 'release'),
              ({'release': 'yes'}, 'release'),
              ({'level': 'reboot'}, 'level'),
              ({'origin': 'with blank'}, 'origin'),
              ({'reason': 'x'}, 'reason'))))

    def test_bad_bodies(self):
        for body, word in self.BAD:
            answer = self.ask('POST', '/os-locks', body=body)
            self.assertIn(word, self.message(answer, 400), body)
        lock = self.make_lock()
        for body in ({'lock': {}}, {'lock': {'scope_id': 'x'}},
                     {'lock': {'release': True}},
                     {'lock': {'locked_until': '2020-01-01T00:00:00Z'}}):
            answer = self.ask('PUT', '/os-locks/' + lock['id'], body=body)
            self.message(answer, 400)
        self.assertEqual({'locks': [lock]}, self.ask('GET', '/os-locks').json)

    def test_filters(self):
        mine, other, host = (
            self.make_lock(), self.make_lock(
                scope_id=OTHER, level='delete', origin='billing'),
            self.make_lock('host', 'compute1', locked_reason='disk'))
        for query, expected in (
                ('', [host, other, mine]), ('project_id=' + OWNER, [mine]),
                ('host=compute1', [host]), ('host=compute2', []),
                ('level=delete', [other]), ('origin=billing', [other]),
                ('expired=false', [host, other, mine]), ('expired=true', []),
                ('locked_by=admin', [host, other, mine]),
                ('locked_by=owner', []),
                ('server_id=' + self.server_id, [host, mine]),
                ('server_id=%s&host=compute1' % self.server_id, [host]),
                ('server_id=' + mine['id'], [])):
            self.assertEqual([lock['id'] for lock in expected],
                             self.list_locks('?' + query), query)
        for query in ('unknown=1', 'level=reboot', 'limit=x', 'limit=-1',
                      'server_id=x', 'expired=maybe', 'level=change&level=x',
                      'marker=' + self.server_id, 'origin=%FF'):
            self.message(self.ask('GET', '/os-locks?' + query), 400)

    def test_pages(self):
        made = [self.make_lock()['id'] for _ in range(5)]
        found, path = [], '/os-locks?limit=2'
        while path:
            with self.statements_of_store() as statements:
                answer = self.ask('GET', path).json
            self.assertLessEqual(len(statements), 2)
            found += [lock['id'] for lock in answer['locks']]
            links = answer.get('locks_links')
            path = links and links[0]['href'].partition('/v2.1')[2]
        self.assertEqual(made[::-1], found)

    def test_who_may_change(self):
        lock = self.make_lock()
        path = '/os-locks/' + lock['id']
        for token in ('owner', 'reader', 'other'):
            for method, where, body in (
                    ('POST', '/os-locks', {'lock': {
                        'scope': 'project', 'scope_id': OWNER}}),
                    ('PUT', path, {'lock': {'level': 'delete'}}),
                    ('DELETE', path, None)):
                answer = self.ask(method, where, token, body)
                hidden = token == 'other' and method != 'POST'
                self.message(answer, 404 if hidden else 403)
        self.assertEqual({'locks': [lock]}, self.ask('GET', '/os-locks').json)

    def test_who_sees(self):
        mine, other, host = (
            self.make_lock(), self.make_lock(scope_id=OTHER),
            self.make_lock('host', 'compute1', locked_reason='disk'))
        for token, own in (('owner', mine), ('reader', mine),
                           ('other', other)):
            for query, expected in (
                    ('', [own]), ('?project_id=' + own['scope_id'], [own]),
                    ('?project_id=' + ADMIN.project_id, []),
                    ('?host=compute1', [])):
                self.assertEqual([lock['id'] for lock in expected],
                                 self.list_locks(query, token), query)
            for lock in (mine, other, host):
                answer = self.ask('GET', '/os-locks/' + lock['id'], token)
                self.assertEqual(200 if lock is own else 404,
                                 answer.status_code)
        foreign = '?project_id=' + OWNER
        self.assertEqual([], self.list_locks(foreign, 'other'))
        self.assertEqual([], self.list_locks(
            '?server_id=' + self.server_id, 'other'))
        self.message(self.ask('GET', '/servers/%s/os-locks' % self.server_id,
                              'other'), 404)
        locks = self.ask('GET', '/servers/%s/os-locks' % self.server_id,
                         'owner').json['locks']
        # The host is not for the owner to know, nor is the administrator.
        self.assertEqual([('host', None), ('project', OWNER)],
                         [(lock['scope'], lock['scope_id'])
                          for lock in locks])
        self.assertEqual('disk', locks[0]['locked_reason'])
        self.assertNotIn('locked_by_user_id', locks[0])

    def test_rule_hides_the_reason(self):
        self.set_rule('os_compute_api:os-server-locked-status:locked_reason',
                      'rule:context_is_admin')
        lock = self.make_lock(locked_reason='secret')
        for path in ('/os-locks', '/os-locks/' + lock['id'],
                     '/servers/%s/os-locks' % self.server_id):
            self.assertNotIn('secret', self.ask('GET', path, 'owner').text)
            self.assertIn('secret', self.ask('GET', path, 'admin').text)

    def test_all_projects_is_a_rule(self):
        lock = self.make_lock(scope_id=OTHER)
        self.set_rule(policies.ALL_PROJECTS, 'role:member')
        self.assertEqual([lock['id']], self.list_locks('', 'owner'))

    def test_store_fails(self):
        lock = self.make_lock()
        body = {'lock': {'scope': 'project', 'scope_id': OWNER}}
        with self.store_fails():
            for method, path, given in (
                    ('GET', '/os-locks', None), ('POST', '/os-locks', body),
                    ('GET', '/os-locks/' + lock['id'], None),
                    ('PUT', '/os-locks/' + lock['id'],
                     {'lock': {'level': 'delete'}}),
                    ('DELETE', '/os-locks/' + lock['id'], None),
                    ('GET', '/servers/%s/os-locks' % self.server_id, None)):
                self.message(self.ask(method, path, body=given), 503)
        self.assertEqual({'locks': [lock]}, self.ask('GET', '/os-locks').json)

    def test_other_pipelines(self):
        stock = base.load_app(pipelines=())
        other = base.load_app(enabled_extensions='os-server-locked-status')
        for app in (stock, other):
            for path in ('/os-locks', '/servers/%s/os-locks'
                         % self.server_id):
                answer = base.ask(app, 'GET', '/v2.1' + path, 'admin')
                self.assertEqual(404, answer.status_code)
