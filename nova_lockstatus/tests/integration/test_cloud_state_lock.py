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

"""A locked server of a real cloud is changed by nobody but who may."""

from nova_lockstatus.tests.integration.cloud import case

APIS = (('/v2', None), ('/v2.1', None), ('/v2.1', '2.19'),
        ('/v2.1', '2.73'), ('/v2.1', 'latest'))

BYPASS = 'os_compute_api:os-server-state-lock:bypass'


class StateLockTestCase(case.CloudTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.boot('first')

    def setUp(self):
        super().setUp()
        self.act(self.first, 'lock', 'admin', {'locked_reason': 'why'})
        self.addCleanup(self.act, self.first, 'unlock', 'admin')

    def rename(self, user, path, version, expected):
        return self.call(
            'PUT', '%s/servers/%s' % (path, self.first), user,
            {'server': {'name': 'by ' + user}}, version, expected)

    def assert_refused(self, answer):
        self.assertEqual(
            'Instance %s is locked by admin: why' % self.first,
            answer.json()['conflictingRequest']['message'])

    def name(self):
        return self.server(self.first)['name']

    def test_owner(self):
        before = self.name()
        for path, version in APIS:
            self.assert_refused(self.rename('owner', path, version, 409))
            self.assert_refused(self.call(
                'POST', '%s/servers/%s/metadata' % (path, self.first),
                'owner', {'metadata': {'key': 'value'}}, version, 409))
            # Who lacks the rule of the call is not told of the lock.
            self.assertNotIn(
                'lock', self.rename('reader', path, version, 403).text)
            self.rename('other', path, version, 404)
        shown = self.server(self.first)
        self.assertEqual((before, {}), (shown['name'], shown['metadata']))

    def test_admin_by_default(self):
        for path, version in APIS:
            self.rename('admin', path, version, 200)
        self.assertEqual('by admin', self.name())

    def test_admin_whom_the_rule_binds(self):
        before = self.name()
        with self.rules({BYPASS: '!'}):
            for path, version in APIS:
                self.assert_refused(self.rename('admin', path, version, 409))
                self.assert_refused(self.act(
                    self.first, 'suspend', 'admin', None, version, path,
                    409))
        self.assertEqual(before, self.name())

    def test_owner_whom_the_rule_lets_through(self):
        with self.rules({BYPASS: 'rule:project_member_or_admin'}):
            for path, version in APIS:
                self.rename('owner', path, version, 200)
            # What Nova itself refuses only to those who are no admins.
            self.act(self.first, 'suspend', 'owner')
            self.cloud.wait_for_server(self.first, 'SUSPENDED')
            self.act(self.first, 'resume', 'owner')
            self.cloud.wait_for_server(self.first, 'ACTIVE')
        self.assertEqual('by owner', self.name())
