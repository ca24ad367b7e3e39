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

"""Who bypasses a lock says why, and that leaves a trace."""

import json

import testtools
from nova.db.main import models

from nova_lockstatus.api.hooks import lock_bypass
from nova_lockstatus.core.bypass_reason import HEADER
from nova_lockstatus.embedded import identity
from nova_lockstatus.events.notifications.objects import bypass
from nova_lockstatus.policies import server_locks as policies
from nova_lockstatus.policies import server_state_lock as state_lock_policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import fingerprints
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures import server_lock_probe as probe
from nova_lockstatus.tests.fixtures.scope_locks_case import OWNER
from nova_lockstatus.tests.fixtures.scope_locks_case import RENAME
from nova_lockstatus.tests.fixtures.scope_locks_case import ScopeLocksTestCase

FINGERPRINTS = {
    'BypassNotification': '1.0-a73147b93b520ff0061865849d3dfa56',
    'BypassPayload': '1.0-ca0820cd7a54a10527cc2b05473f35dc',
}

REBOOT = {'reboot': {'type': 'HARD'}}


class ObjectsTestCase(testtools.TestCase):

    def test_fingerprints(self):
        fingerprints.check(self, [bypass], FINGERPRINTS)


class BypassTestCase(ScopeLocksTestCase):

    nova_options = {'config': {('lockstatus', 'bypass_needs_reason'): True}}

    def setUp(self):
        super().setUp()
        self.clear_trace()
        self.addCleanup(self.unlock)

    def unlock(self):
        self.ask('POST', '/servers/%s/action' % self.server_id,
                 body={'unlock': None})
        self.nova.wait_for(self.server_id, 'ACTIVE')

    def clear_trace(self):
        self.seen = len(self.actions())
        self.nova.services.notifier.reset()

    def actions(self):
        return [row for row in probe.read(
            self.nova, models.InstanceAction.__table__, 'instance_uuid',
            self.server_id) if row['action'] == 'bypass_lock']

    def call(self, method, path, body=None, reason=None, token='admin'):
        headers = {} if reason is None else {HEADER: reason}
        return self.nova.request(
            method, '/v2.1/servers/' + self.server_id + path, token, body,
            headers=headers)

    def calls(self, reason=None):
        yield self.call('PUT', '', RENAME, reason)
        yield self.call('POST', '/action', REBOOT, reason)

    def assert_no_trace(self):
        self.assertEqual(self.seen, len(self.actions()))

    def test_scope_lock(self):
        self.make_lock(locked_reason='unpaid')
        for answer in self.calls():
            self.assertEqual(
                'Instance %s is locked. Who changes it nevertheless has to '
                'say why in the header X-Lock-Bypass-Reason.'
                % self.server_id, self.message(answer))
        self.assert_no_trace()
        for answer in self.calls('ticket 4711'):
            self.assertIn(answer.status_code, (200, 202), answer.text)
        self.assertEqual(self.seen + 2, len(self.actions()))

    def test_its_own_lock(self):
        self.lock(self.server_id, 'owner', 'mine')
        answer = self.call('POST', '/action', REBOOT)
        self.assertIn(HEADER, self.message(answer))
        answer = self.call('DELETE', '')
        self.assertIn(HEADER, self.message(answer))
        self.assert_no_trace()
        # Nova's lock does not refuse it.
        self.assertEqual(200, self.call('PUT', '', RENAME).status_code)
        answer = self.call('POST', '/action', REBOOT, 'ticket 4711')
        self.assertEqual(202, answer.status_code, answer.text)
        self.assertEqual(self.seen + 1, len(self.actions()))

    def test_bad_reasons(self):
        self.make_lock()
        for reason in ('', ' ', 'x' * 256, '\xff'):
            answer = self.call('PUT', '', RENAME, reason)
            self.assertIn(HEADER, self.message(answer, 400))
        self.assert_no_trace()
        for reason in ('x' * 255, 'b\xc3\xbccher'):
            answer = self.call('PUT', '', RENAME, reason)
            self.assertEqual(200, answer.status_code, answer.text)

    def test_who_may_not_bypass_needs_no_reason(self):
        self.make_lock(locked_reason='unpaid')
        for reason in (None, 'please'):
            answer = self.call('PUT', '', RENAME, reason, 'owner')
            self.assert_locked(answer, ' with its project by admin: unpaid')
        self.assert_no_trace()

    def test_unlocked(self):
        for answer in self.calls('no need'):
            self.assertIn(answer.status_code, (200, 202), answer.text)
        self.assert_no_trace()

    def test_trace(self):
        self.make_lock(locked_reason='unpaid')
        self.clear_trace()
        answer = self.call('PUT', '', RENAME, 'ticket 4711')
        request_id = answer.headers['x-openstack-request-id']
        action = self.actions()[-1]
        path = '/os-instance-actions/' + action['request_id']
        shown = self.nova.request(
            'GET', '/v2.1/servers/' + self.server_id + path, 'admin',
            microversion='latest').json['instanceAction']
        self.assertEqual('bypass_lock', shown['action'])
        self.assertEqual(identity.ADMIN.user_id, shown['user_id'])
        self.assertEqual('ticket 4711 (request %s)' % request_id,
                         shown['events'][0]['details'])
        owners = self.nova.request(
            'GET', '/v2.1/servers/' + self.server_id + path, 'owner',
            microversion='latest')
        self.assertNotIn('ticket', owners.text)
        self.assertIn('with the request %s: ticket 4711' % request_id,
                      self.nova.log)
        [sent] = [
            notification for notification
            in self.nova.services.notifier.versioned_notifications
            if notification['event_type'].startswith('lockstatus.')]
        self.assert_sample(
            repository.NOTIFICATION_SAMPLES / 'lockstatus-bypass.json',
            json.dumps(sent, indent=4, sort_keys=True),
            [(request_id, 'req-5b6c791d-5709-4f36-8fbe-c3e02869e35d')])

    def test_not_recorded(self):
        self.make_lock()
        name = self.show(self.server_id)['name']

        def fail(connection, cursor, statement, *args):
            if statement.startswith('INSERT INTO instance_actions '):
                raise OSError('gone')

        with base.listening('before_cursor_execute', fail):
            answer = self.call('PUT', '', {'server': {'name': 'x'}}, 'why')
            self.assertEqual(lock_bypass.UNRECORDED,
                             self.message(answer, 503))
        self.assertEqual(name, self.show(self.server_id)['name'])

    def test_new_servers(self):
        self.set_rule(policies.BYPASS, 'role:member')
        self.make_lock(create=True)
        answer = self.ask('POST', '/servers', 'owner', {'server': {
            'name': 'new', 'flavorRef': '1', 'networks': 'none',
            'imageRef': '76fa36fc-c930-4bf3-8c8a-ea2a2420deb6'}}, '2.37')
        self.assertEqual(
            'Project %s is locked. Who changes it nevertheless has to say why '
            'in the header X-Lock-Bypass-Reason.' % OWNER,
            self.message(answer))


class WithStateLockTestCase(BypassTestCase):

    aliases = [*ScopeLocksTestCase.aliases, 'os-server-state-lock']

    def test_its_own_lock(self):
        self.lock(self.server_id, 'owner', 'mine')
        for answer in self.calls():
            self.assertIn(HEADER, self.message(answer))
        self.assert_no_trace()
        # An exempt call is not refused, so nothing is bypassed.
        answer = self.call('POST', '/action', {'createImage': {'name': 'x'}})
        self.assertEqual(202, answer.status_code, answer.text)
        self.nova.wait_for(self.server_id, 'ACTIVE')
        for answer in self.calls('ticket 4711'):
            self.assertIn(answer.status_code, (200, 202), answer.text)
        self.assertEqual(self.seen + 2, len(self.actions()))

    def test_new_servers(self):
        self.set_rule(state_lock_policies.BYPASS, 'role:member')
        super().test_new_servers()
