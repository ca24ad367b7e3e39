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

import fixtures
import oslo_messaging
import testtools
from nova import rpc
from oslo_config import cfg
from oslo_messaging import serializer

from nova_lockstatus.embedded import identity
from nova_lockstatus.events.notifications.objects import instance
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import fingerprints
from nova_lockstatus.tests.fixtures import repository

FINGERPRINTS = {
    'InstanceNotification': '1.0-a73147b93b520ff0061865849d3dfa56',
    'InstancePayload': '1.1-acc1d0cacc465f4cd1697f979766d7be',
}


class ObjectsTestCase(testtools.TestCase):

    def test_fingerprints(self):
        fingerprints.check(self, [instance], FINGERPRINTS)


class NotificationsTestCase(base.NovaTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('billing-1')

    def setUp(self):
        super().setUp()
        self.addCleanup(self.unlock)
        self.nova.services.notifier.reset()

    def unlock(self):
        self.nova.request('POST', '/v2.1/servers/%s/action' % self.server_id,
                          'admin', {'unlock': None})

    def sent(self):
        return [notification for notification
                in self.nova.services.notifier.versioned_notifications
                if 'lock' in notification['event_type']]

    def events(self):
        return [notification['event_type'] for notification in self.sent()]

    def assertSample(self, name, notification):
        data = notification['payload']['nova_object.data']
        self.assert_sample(
            repository.NOTIFICATION_SAMPLES / (name + '.json'),
            json.dumps(notification, indent=4, sort_keys=True),
            [(data['request_id'], 'req-5b6c791d-5709-4f36-8fbe-c3e02869e35d')])

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
        self.nova.services.notifier.reset()
        self.unlock()
        self.assertEqual(['instance.unlock', 'lockstatus.unlock'],
                         self.events())
        self.assertSample('lockstatus-unlock', self.sent()[1])

    def test_what_changes_nothing_is_not_announced(self):
        self.lock(self.server_id, 'admin', 'why')
        self.nova.services.notifier.reset()
        self.lock(self.server_id, 'owner', 'mine')
        self.assertEqual([], self.events())

    def test_new_reason_is_announced(self):
        self.lock(self.server_id, 'owner', 'why')
        self.lock(self.server_id, 'owner', 'why not')
        self.assertEqual(['instance.lock', 'lockstatus.lock'] * 2,
                         self.events())


class Unserializable(serializer.NoOpSerializer):
    """Cannot make a message of anything."""

    def serialize_entity(self, context, entity):
        raise ValueError('no message of that')


class NotSentTestCase(base.NovaTestCase):
    """What is sent cannot be, and the lock stands."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('billing-1')

    def send_with(self, **options):
        transport = oslo_messaging.get_notification_transport(
            cfg.CONF, url='rabbit://guest:guest@127.0.0.1:1/')
        self.addCleanup(transport.cleanup)
        notifier = oslo_messaging.Notifier(
            transport, topics=['versioned_notifications'], retry=0, **options)
        # Nova's test fixture puts a notifier here that sends nothing.
        self.useFixture(fixtures.MonkeyPatch(
            'nova.rpc.get_versioned_notifier',
            lambda publisher_id: notifier.prepare(publisher_id=publisher_id)))

    def assert_lock_stands(self):
        self.lock(self.server_id, 'admin', 'why')
        self.assertEqual(
            {'locked': True, 'locked_by': 'admin', 'locked_reason': 'why'},
            base.lock_of(self.show(self.server_id)))
        answer = self.nova.request(
            'POST', '/v2.1/servers/%s/action' % self.server_id, 'admin',
            {'unlock': None})
        self.assertEqual(202, answer.status_code, answer.text)
        self.assertEqual(base.UNLOCKED,
                         base.lock_of(self.show(self.server_id)))

    def test_nobody_takes_messages(self):
        self.send_with(driver='messagingv2',
                       serializer=rpc.RequestContextSerializer(
                           serializer.NoOpSerializer()))
        self.assert_lock_stands()
        for event in ('lockstatus.lock', 'lockstatus.unlock'):
            self.assertRegex(
                self.nova.log, "Could not send notification to .*'%s'" % event)

    def test_no_message_can_be_made(self):
        self.send_with(driver='noop', serializer=Unserializable())
        self.assert_lock_stands()
        for event in ('instance.lock', 'lockstatus.lock',
                      'instance.unlock', 'lockstatus.unlock'):
            self.assertIn('The notification %s cannot be sent, and is lost.'
                          % event, self.nova.log)
        self.assertIn('ValueError: no message of that', self.nova.log)
