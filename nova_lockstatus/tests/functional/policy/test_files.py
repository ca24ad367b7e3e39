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

"""The files of policy that operators have."""

import json
import os

import fixtures
from nova import policy as nova_policy

from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.tests.fixtures import base


class PolicyFilesTestCase(base.NovaTestCase):
    """The operator's files decide, whatever form they have."""

    options = {'filter': False}

    def setUp(self):
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir())
        self.server_id = self.nova.boot_server('db')

    def keys(self, **options):
        """Return what the owner sees when Nova has read its policy anew."""
        self.addCleanup(nova_policy.reset)
        nova_policy.reset()
        self.configure('oslo_policy', **options)
        answer = base.ask(base.load_app(), 'GET',
                          '/v2.1/servers/' + self.server_id, 'owner')
        self.assertEqual(200, answer.status_code)
        return set(base.lock_of(answer.json['server']))

    def write(self, name, text):
        path = self.folder.join(name)
        with open(path, 'w') as target:
            target.write(text)
        return path

    def test_no_file(self):
        self.assertEqual(set(base.KEYS), self.keys(
            policy_file=self.folder.join('none.yaml')))

    def test_policy_yaml(self):
        path = self.write('policy.yaml', '"os_compute_api:os-server-locked-'
                          'status:locked_by": "rule:context_is_admin"\n')
        self.assertEqual({'locked', 'locked_reason'},
                         self.keys(policy_file=path))

    def test_existing_policy_json(self):
        path = self.write('policy.json', json.dumps(
            {'os_compute_api:os-server-locked-status:locked_reason': '!'}))
        self.assertEqual({'locked', 'locked_by'}, self.keys(policy_file=path))

    def test_policy_d(self):
        self.write('lock.yaml', '"os_compute_api:os-server-locked-status:'
                   'locked": "role:nobody"\n')
        self.assertEqual(
            {'locked_by', 'locked_reason'},
            self.keys(policy_file=self.folder.join('none.yaml'),
                      policy_dirs=[self.folder.path]))

    def test_rule_that_asks_for_the_user(self):
        path = self.write('policy.yaml', '"os_compute_api:os-server-locked-'
                          'status:locked_by": "user_id:%(user_id)s"\n')
        self.assertEqual(set(base.KEYS), self.keys(policy_file=path))
        answer = base.ask(base.load_app(), 'GET',
                          '/v2.1/servers/' + self.server_id, 'member')
        self.assertNotIn('locked_by', answer.json['server'])

    def test_file_changed_while_running(self):
        path = self.write('policy.yaml', '{}\n')
        self.assertEqual(set(base.KEYS), self.keys(policy_file=path))
        app = base.load_app()
        self.write('policy.yaml', json.dumps({
            rule.name: '!' for rule in
            server_locked_status.ServerLockedStatus.policies}))
        os.utime(path, (2 ** 31, 2 ** 31))
        answer = base.ask(app, 'GET', '/v2.1/servers/' + self.server_id,
                          'owner')
        self.assertEqual({}, base.lock_of(answer.json['server']))
