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


"""An owner who may not lift the lock of an admin is told whose it is."""

from nova_lockstatus.policies import server_locked_status as policies
from nova_lockstatus.tests.fixtures import base

RULE = 'os_compute_api:os-lock-server:unlock:unlock_override'


class UnlockRefusedTestCase(base.NovaTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('db')

    def setUp(self):
        super().setUp()
        self.lock(self.server_id, 'admin', 'disk failure')

    def refused(self):
        """Return the message of the refusal, the same at all versions."""
        messages = set()
        for path, version in (('/v2.1', '2.1'), ('/v2.1', '2.73'),
                              ('/v2.1', 'latest'), ('/v2', None)):
            answer = self.nova.request(
                'POST', '%s/servers/%s/action' % (path, self.server_id),
                'owner', {'unlock': None}, version)
            self.assertEqual(403, answer.status_code, answer.text)
            messages.add(answer.json['forbidden']['message'])
        (message,) = messages
        return message

    def test_who_and_why(self):
        self.assertEqual(
            "Policy doesn't allow %s to be performed. Instance %s is locked "
            'by admin: disk failure' % (RULE, self.server_id), self.refused())
        self.assertTrue(self.show(self.server_id)['locked'])

    def test_only_what_the_caller_may_see(self):
        self.nova.services.policy.set_rules(
            {policies.LOCKED_BY: 'rule:admin_api',
             policies.LOCKED_REASON: 'rule:admin_api'}, overwrite=False)
        self.addCleanup(
            self.nova.services.policy.set_rules,
            {policies.LOCKED_BY: '@', policies.LOCKED_REASON: '@'},
            overwrite=False)
        self.assertEqual(
            "Policy doesn't allow %s to be performed. Instance %s is locked"
            % (RULE, self.server_id), self.refused())

    def test_reason_is_not_logged(self):
        self.refused()
        self.assertNotIn('disk failure', self.nova.log)

    def test_other_rules_are_refused_as_ever(self):
        rule = 'os_compute_api:os-lock-server:unlock'
        self.nova.services.policy.set_rules({rule: 'rule:admin_api'},
                                            overwrite=False)
        self.addCleanup(self.nova.services.policy.set_rules,
                        {rule: 'rule:project_member_or_admin'},
                        overwrite=False)
        self.assertEqual("Policy doesn't allow %s to be performed." % rule,
                         self.refused())

    def test_without_the_filter(self):
        answer = base.ask(
            base.load_app(()), 'POST',
            '/v2.1/servers/%s/action' % self.server_id, 'owner', '2.73',
            {'unlock': None})
        self.assertEqual("Policy doesn't allow %s to be performed." % RULE,
                         answer.json['forbidden']['message'])
