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

"""What users of other clouds' locks complain about, each as a test.

Of Nova itself, OpenStack Manila, Masakari and others: locks that are looked up
in the caller's project alone, a filter by a foreign project that leaks, one
removal that removes all, a service that lifts a person's lock with its own,
and scripts that delete what is locked.
"""

import itertools

from nova_lockstatus.core.bypass_reason import HEADER
from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures.scope_locks_case import OTHER
from nova_lockstatus.tests.fixtures.scope_locks_case import OWNER
from nova_lockstatus.tests.fixtures.scope_locks_case import ScopeLocksTestCase

MASAKARI = identity.Identity(
    'masakari', 'a0000000000000000000000000000008', 'masakari',
    '5e110000000000000000000000000001', 'service', ('admin', 'service'))

CONTEXTS = {'user': 'owner', 'service': MASAKARI, 'admin': 'admin'}

LIFTED, REFUSED = 204, 403

# Whose lock, by whom it is to be lifted, and the answer.
CONTEXT_ROWS = (
    ('user', 'user', LIFTED),
    ('user', 'service', LIFTED),
    ('user', 'admin', LIFTED),
    ('service', 'user', REFUSED),
    ('service', 'service', LIFTED),
    ('service', 'admin', LIFTED),
    ('admin', 'user', REFUSED),
    ('admin', 'service', LIFTED),
    ('admin', 'admin', LIFTED),
)


class LocksTestCase(ScopeLocksTestCase):
    """Each test ends without a lock."""

    def clear(self):
        super().clear()
        while self.locks_over():
            self.act({'unlock': None})

    def act(self, body, token='admin', server_id=None):
        return self.ask('POST', '/servers/%s/action' % (
            server_id or self.server_id), token, body)

    def locks_over(self, token='admin', server_id=None):
        answer = self.ask('GET', '/servers/%s/os-locks' % (
            server_id or self.server_id), token)
        self.assertEqual(200, answer.status_code, answer.text)
        return [lock['id'] for lock in answer.json['locks']]

    def set_lock(self, token='owner', server_id=None, **keys):
        """Lock a server, and return the id of the lock."""
        before = self.locks_over(server_id=server_id)
        answer = self.act({'lock': keys}, token, server_id)
        self.assertEqual(202, answer.status_code, answer.text)
        [lock_id] = set(self.locks_over(server_id=server_id)) - set(before)
        return lock_id


class ComplaintsTestCase(LocksTestCase):

    def test_contexts(self):
        """Manila's table of who may lift whose lock, as it is here."""
        for maker, caller, expected in CONTEXT_ROWS:
            lock_id = self.set_lock(CONTEXTS[maker])
            answer = self.ask('DELETE', '/os-locks/' + lock_id,
                              CONTEXTS[caller])
            self.assertEqual(expected, answer.status_code, (maker, caller))
            self.assertEqual([] if expected == LIFTED else [lock_id],
                             self.locks_over(), (maker, caller))
            self.clear()
        self.assertEqual(9, len(CONTEXT_ROWS))

    def test_lock_from_another_project_is_not_missed(self):
        """Whose lock it is, and whoever asks or calls."""
        admins = self.set_lock('admin', locked_reason='unpaid')
        services = self.set_lock(MASAKARI)
        scope = self.make_lock(token=MASAKARI)['id']
        expected = {admins, services, scope}
        for token in ('owner', 'member', 'reader', 'admin', MASAKARI):
            self.assertEqual(expected, set(self.locks_over(token)))
            for query in ('?server_id=' + self.server_id,
                          '?project_id=' + OWNER):
                self.assertEqual(expected,
                                 set(self.list_locks(query, token)))
            for lock_id in expected:
                self.assertEqual(200, self.ask(
                    'GET', '/os-locks/' + lock_id, token).status_code)
        self.assertIn('unpaid', self.message(self.act(
            {'reboot': {'type': 'HARD'}}, 'member')))

    def test_filter_by_a_foreign_project_does_not_leak(self):
        server = self.set_lock('owner', locked_reason='secret', origin='x')
        scope = self.make_lock(locked_reason='secret', origin='x')['id']
        host = self.make_lock('host', 'compute1', origin='x',
                              locked_reason='secret')['id']
        filters = ('project_id=' + OWNER, 'server_id=' + self.server_id,
                   'host=compute1', 'level=change', 'origin=x',
                   'expired=false', 'locked_by=admin', 'locked_by=owner',
                   'limit=1')
        for number in (0, 1, 2):
            for chosen in itertools.combinations(filters, number):
                if len({text.partition('=')[0] for text in chosen}) < number:
                    continue
                answer = self.ask('GET', '/os-locks?' + '&'.join(chosen),
                                  'other')
                self.assertEqual((200, {'locks': []}),
                                 (answer.status_code, answer.json), chosen)
        # What is his own is found all the same, and no marker leads on.
        own = self.make_lock(scope_id=OTHER)['id']
        self.assertEqual([own], self.list_locks('', 'other'))
        for lock_id in (server, host, scope):
            for method, body in (('GET', None), ('DELETE', None),
                                 ('PUT', {'lock': {'level': 'delete'}})):
                self.message(self.ask(method, '/os-locks/' + lock_id, 'other',
                                      body), 404)
        self.message(self.ask('GET', '/os-locks?marker=' + server, 'other'),
                     400)
        self.assertEqual({server, host, scope}, set(self.locks_over()))

    def test_removing_one_lock_leaves_the_others(self):
        """Whichever one comes first."""
        for first in range(4):
            order = [(first + step) % 4 for step in range(4)]
            made = [self.set_lock('owner'), self.set_lock('member'),
                    self.set_lock('admin', level='delete'),
                    self.make_lock()['id']]
            left = set(made)
            for number in order:
                self.assertEqual(204, self.ask(
                    'DELETE', '/os-locks/' + made[number]).status_code)
                left.remove(made[number])
                self.assertEqual(left, set(self.locks_over()))
                locked = self.show(self.server_id)['locked']
                self.assertEqual(bool(left - {made[2]}), locked)
            self.assertEqual(set(), left)

    def test_unlock_leaves_the_locks_of_others(self):
        mine = self.set_lock('owner')
        others = {self.set_lock('member'), self.set_lock('admin')}
        self.assertEqual(202, self.act({'unlock': None}, 'owner').status_code)
        self.assertEqual(others, set(self.locks_over()))
        self.assertNotIn(mine, others)


class ScriptsTestCase(LocksTestCase):

    nova_options = {'config': {('lockstatus', 'bypass_needs_reason'): True}}

    def test_script_that_deletes_all(self):
        """It lists servers, and deletes each, as an administrator."""
        own, protected, plain = (self.boot(name) for name in (
            'own', 'protected', 'plain'))
        self.set_lock('owner', own)
        self.set_lock('owner', protected, level='delete')
        chosen = (own, protected, plain)
        answers = {}
        for server in self.ask('GET', '/servers?all_tenants=1').json[
                'servers']:
            if server['id'] in chosen:
                answers[server['id']] = self.ask(
                    'DELETE', '/servers/' + server['id'])
        self.assertEqual({own: 409, protected: 409, plain: 204}, {
            server_id: answer.status_code
            for server_id, answer in answers.items()})
        for server_id in (own, protected):
            self.assertIn(HEADER, self.message(answers[server_id]))
            self.assertEqual('ACTIVE', self.show(server_id)['status'])
            self.act({'unlock': None}, server_id=server_id)

    def test_script_in_a_locked_project(self):
        server_id = self.boot('left')
        lock = self.make_lock(level='delete')
        self.assertIn(HEADER, self.message(self.ask(
            'DELETE', '/servers/' + server_id)))
        self.assertEqual('ACTIVE', self.show(server_id)['status'])
        self.ask('DELETE', '/os-locks/' + lock['id'])


class EvacuationTestCase(LocksTestCase):

    nova_options = {'hosts': ('compute1', 'compute2')}

    def test_masakari_leaves_the_lock_of_a_person(self):
        """It locks a server, evacuates it, and unlocks it."""
        server_id = self.boot('db', host='compute1')
        masakaris = self.set_lock(MASAKARI, server_id, origin='masakari')
        answer = self.ask('PUT', '/os-services/force-down', MASAKARI, {
            'host': 'compute1', 'binary': 'nova-compute',
            'forced_down': True}, '2.11')
        self.assertEqual(200, answer.status_code, answer.text)
        answer = self.act({'evacuate': {'onSharedStorage': False}}, MASAKARI,
                          server_id)
        self.assertEqual(200, answer.status_code, answer.text)
        persons = self.set_lock('owner', server_id,
                                locked_reason='legal hold')
        self.nova.wait_for(server_id, 'ACTIVE')
        self.assertEqual('compute2', self.show(server_id, 'admin')[
            'OS-EXT-SRV-ATTR:host'])
        self.assertEqual({masakaris, persons},
                         set(self.locks_over(server_id=server_id)))
        answer = self.act({'unlock': None}, MASAKARI, server_id)
        self.assertEqual(202, answer.status_code, answer.text)
        self.assertEqual([persons], self.locks_over(server_id=server_id))
        self.assertEqual((True, 'owner', 'legal hold'), tuple(
            self.show(server_id)[key]
            for key in ('locked', 'locked_by', 'locked_reason')))
        self.message(self.act({'os-stop': None}, 'owner', server_id))
