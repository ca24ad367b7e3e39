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

"""The notifications of a lock, beside Nova's own."""

import json
import os
import pathlib

import testtools
from oslo_versionedobjects import fixture as ovo_fixture

import nova_lockstatus
from nova_lockstatus.embedded import identity
from nova_lockstatus.objects import instance as objects
from nova_lockstatus.tests.functional import base

SAMPLES = (pathlib.Path(nova_lockstatus.__file__).parent.parent / 'doc'
           / 'notification_samples')

# A change of an object changes its fingerprint. Raise its version with it, and
# say in a comment beside the version what is new.
FINGERPRINTS = {
    'InstanceNotification': '1.0-a73147b93b520ff0061865849d3dfa56',
    'InstancePayload': '1.0-59041f5c617bba20a04bd849a9cddd10',
}


class ObjectsTestCase(testtools.TestCase):

    def test_fingerprints(self):
        checker = ovo_fixture.ObjectVersionChecker({
            name: [getattr(objects, name)] for name in FINGERPRINTS})
        expected, actual = checker.test_hashes(FINGERPRINTS)
        self.assertEqual(expected, actual)


class NotificationsTestCase(base.NovaTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('billing-1')

    def setUp(self):
        super().setUp()
        self.addCleanup(self.unlock)
        self.nova.case.notifier.reset()

    def unlock(self):
        self.nova.request('POST', '/v2.1/servers/%s/action' % self.server_id,
                          'admin', {'unlock': None})

    def sent(self):
        return [notification for notification
                in self.nova.case.notifier.versioned_notifications
                if 'lock' in notification['event_type']]

    def events(self):
        return [notification['event_type'] for notification in self.sent()]

    def assertSample(self, name, notification):
        text = json.dumps(notification, indent=4, sort_keys=True)
        data = notification['payload']['nova_object.data']
        for volatile, replacement in (
                (self.server_id, '9168b536-cd40-4630-b43f-b259807c6e87'),
                (data['request_id'],
                 'req-5b6c791d-5709-4f36-8fbe-c3e02869e35d')):
            text = text.replace(volatile, replacement)
        path = SAMPLES / (name + '.json')
        if os.environ.get('GENERATE_SAMPLES'):
            path.write_text(text + '\n')
        self.assertEqual(json.loads(path.read_text()), json.loads(text))

    def test_lock(self):
        self.lock(self.server_id, 'admin', 'unpaid invoice 4711')
        self.assertEqual(['instance.lock', 'lockstatus.lock'], self.events())
        novas, ours = self.sent()
        self.assertNotIn('locked_by', novas['payload']['nova_object.data'])
        self.assertEqual(('nova', 'nova_lockstatus'), (
            novas['payload']['nova_object.namespace'],
            ours['payload']['nova_object.namespace']))
        data = ours['payload']['nova_object.data']
        self.assertEqual(
            (True, 'admin', 'unpaid invoice 4711', identity.ADMIN.user_id),
            (data['locked'], data['locked_by'], data['locked_reason'],
             data['action_initiator_user']))
        self.assertSample('lockstatus-lock', ours)

    def test_unlock(self):
        self.lock(self.server_id, 'owner', 'why')
        self.nova.case.notifier.reset()
        self.unlock()
        self.assertEqual(['instance.unlock', 'lockstatus.unlock'],
                         self.events())
        self.assertSample('lockstatus-unlock', self.sent()[1])

    def test_what_changes_nothing_is_not_announced(self):
        self.lock(self.server_id, 'admin', 'why')
        self.nova.case.notifier.reset()
        self.lock(self.server_id, 'owner', 'mine')
        self.assertEqual([], self.events())

    def test_new_reason_is_announced(self):
        self.lock(self.server_id, 'owner', 'why')
        self.lock(self.server_id, 'owner', 'why not')
        self.assertEqual(['instance.lock', 'lockstatus.lock'] * 2,
                         self.events())
