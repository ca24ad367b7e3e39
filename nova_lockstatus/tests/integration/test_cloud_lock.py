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

"""Who sees a lock of a real cloud, who sets one, and who is refused by it."""

from nova_lockstatus.tests.integration.cloud import case

REASON = 'unpaid invoice 4711 \u20ac'

APIS = (('/v2', None), ('/v2.1', None), ('/v2.1', '2.1'), ('/v2.1', '2.8'),
        ('/v2.1', '2.9'), ('/v2.1', '2.73'), ('/v2.1', 'latest'))

KEYS = ('locked', 'locked_by', 'locked_reason')


def lock_of(server):
    return tuple(server.get(key, 'absent') for key in KEYS)


class LockCase(case.CloudTestCase):
    """Has a server of the owner's in each cell."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.boot('first')
        cls.second = cls.boot('second', cell='cell2')

    def lock(self, server_id, user, reason=None, **api):
        body = None if reason is None else {'locked_reason': reason}
        self.addCleanup(self.act, server_id, 'unlock', 'admin')
        return self.act(server_id, 'lock', user, body, **api)


class ShownTestCase(LockCase):

    def test_unlocked(self):
        for path, version in APIS:
            self.assertEqual(
                (False, None, None),
                lock_of(self.server(self.first, 'owner', version, path)))

    def test_locked_by_an_admin(self):
        self.lock(self.first, 'admin', REASON)
        for path, version in APIS:
            for user in ('owner', 'member', 'reader', 'admin'):
                shown = self.server(self.first, user, version, path)
                self.assertEqual((True, 'admin', REASON), lock_of(shown))
                self.assertRegex(shown['locked_at'], 'T.*Z$')
                self.assertEqual(
                    self.cloud.keystone.users['admin'] if user == 'admin'
                    else 'absent', shown.get('locked_by_user_id', 'absent'))

    def test_locked_by_the_owner(self):
        self.lock(self.first, 'owner')
        for path, version in APIS:
            self.assertEqual(
                (True, 'owner', None),
                lock_of(self.server(self.first, 'admin', version, path)))

    def test_other_projects_see_nothing(self):
        self.lock(self.first, 'admin', REASON)
        for path, version in APIS:
            answer = self.call(
                'GET', '%s/servers/%s' % (path, self.first), 'other',
                microversion=version, expected=404)
            self.assertNotIn('4711', answer.text)
            self.assertEqual([], self.details('other', '?locked=true',
                                              version, path))
        self.act(self.first, 'lock', 'other', expected=404)

    def test_list_of_both_cells(self):
        self.lock(self.second, 'admin', REASON)
        for path, version in APIS:
            for user, query in (('owner', ''), ('reader', ''),
                                ('admin', '?all_tenants=1')):
                self.assertEqual(
                    {self.first: (False, None, None),
                     self.second: (True, 'admin', REASON)},
                    {server['id']: lock_of(server) for server
                     in self.details(user, query, version, path)})

    def test_update_and_extensions(self):
        for path, version in APIS:
            shown = self.call(
                'PUT', '%s/servers/%s' % (path, self.first), 'owner',
                {'server': {'name': 'first'}}, version).json()['server']
            self.assertEqual((False, None, None), lock_of(shown))
            aliases = {extension['alias'] for extension in self.call(
                'GET', path + '/extensions', 'reader',
                microversion=version).json()['extensions']}
            self.assertLessEqual(
                {'os-server-locked-status', 'os-server-host-status',
                 'os-hypervisor-status', 'os-server-state-lock'}, aliases)


class SetTestCase(LockCase):

    def test_with_a_reason_at_each_microversion(self):
        for path, version in APIS:
            for user, by in (('owner', 'owner'), ('admin', 'admin')):
                reason = '%s %s %s' % (path, version, user)
                self.act(self.first, 'lock', user,
                         {'locked_reason': reason}, version, path)
                self.assertEqual((True, by, reason),
                                 lock_of(self.server(self.first)))
                self.act(self.first, 'unlock', user, None, version, path)
                self.assertEqual((False, None, None),
                                 lock_of(self.server(self.first)))

    def test_reader_may_not(self):
        for path, version in APIS:
            self.act(self.first, 'lock', 'reader', {'locked_reason': 'x'},
                     version, path, 403)
        self.assertEqual((False, None, None),
                         lock_of(self.server(self.first)))

    def test_owner_does_not_unlock_an_admins(self):
        self.lock(self.first, 'admin', REASON)
        self.act(self.first, 'unlock', 'owner', expected=403)
        self.assertEqual((True, 'admin', REASON),
                         lock_of(self.server(self.first)))

    def test_reason_that_is_too_long(self):
        for path, version in APIS:
            self.act(self.first, 'lock', 'owner',
                     {'locked_reason': 'x' * 256}, version, path, 400)
        self.assertEqual((False, None, None),
                         lock_of(self.server(self.first)))


class SearchTestCase(LockCase):

    def setUp(self):
        super().setUp()
        self.lock(self.second, 'admin', REASON)

    def found(self, query, user, version, path):
        return [server['id']
                for server in self.details(user, query, version, path)]

    def test_filter(self):
        for path, version in APIS:
            for user in ('owner', 'reader'):
                for query, expected in (
                        ('?locked=true', [self.second]),
                        ('?locked=false', [self.first]),
                        ('?locked_by=admin', [self.second]),
                        ('?locked_by=owner', [])):
                    self.assertEqual(
                        expected, self.found(query, user, version, path),
                        (query, user, version, path))

    def test_sort_over_cells(self):
        both = [self.first, self.second]
        for path, version in APIS:
            for direction, expected in (('asc', both),
                                        ('desc', both[::-1])):
                query = '?sort_key=locked&sort_dir=' + direction
                self.assertEqual(
                    expected, self.found(query, 'owner', version, path))
                page = self.found(query + '&limit=1', 'owner', version, path)
                self.assertEqual(expected[:1], page)
                self.assertEqual(expected[1:], self.found(
                    '%s&limit=1&marker=%s' % (query, page[0]), 'owner',
                    version, path))


class RefusalTestCase(LockCase):

    def refused(self, user, path, version):
        return self.act(self.first, 'reboot', user, {'type': 'SOFT'},
                        version, path, 409).json()[
                            'conflictingRequest']['message']

    def test_says_who_and_why(self):
        self.lock(self.first, 'admin', REASON)
        for path, version in APIS:
            for user in ('owner', 'member'):
                self.assertEqual(
                    'Instance %s is locked by admin: %s' % (
                        self.first, REASON),
                    self.refused(user, path, version))

    def test_does_not_say_what_is_withheld(self):
        self.lock(self.first, 'admin', REASON)
        with self.rules({
                'os_compute_api:os-server-locked-status:locked_reason':
                'rule:context_is_admin'}):
            for path, version in APIS:
                self.assertEqual(
                    'Instance %s is locked by admin' % self.first,
                    self.refused('owner', path, version))
                self.assertIsNone(self.server(
                    self.first, 'owner', version, path).get('locked_reason'))
                self.assertEqual(REASON, self.server(
                    self.first, 'admin', version, path)['locked_reason'])
