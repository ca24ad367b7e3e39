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

import dataclasses
import datetime
import hashlib
import hmac
import json

import testtools

from nova_lockstatus.core import lock_expiry
from nova_lockstatus.core import lock_record
from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.webhook_config import BODY
from nova_lockstatus.tests.fixtures.webhook_config import CHANGE
from nova_lockstatus.tests.fixtures.webhook_config import SERVER


class EventTestCase(testtools.TestCase):

    def test_event(self):
        made = cloudevent.make(CHANGE, SERVER, False)
        self.assertEqual({
            'specversion': '1.0',
            'id': CHANGE.announcement_id(SERVER.uuid),
            'source': '/nova-lockstatus/host_status',
            'type': 'org.openstack.nova.lockstatus.host_status',
            'subject': SERVER.uuid,
            'time': '2026-11-21T12:00:00.123456Z',
            'datacontenttype': 'application/json',
            'data': {
                'change_id': CHANGE.id, 'uuid': SERVER.uuid,
                'tenant_id': 'p1', 'user_id': 'u1',
                'display_name': 'billing-1', 'state': 'active',
                'locked': True, 'locked_by': 'admin',
                'locked_reason': 'r\u00e9vision', 'host_status': 'DOWN',
                'old_host_status': 'UP',
                'changed_at': '2026-11-21T12:00:00Z',
                'group_id': '5c4f2b8e-0a61-4d37-9b1d-c2e7f3a6d840',
                'members_affected': 0, 'members': 2}}, made)
        self.assertEqual(made, json.loads(cloudevent.body(made)))

    def test_same_words_as_the_notification(self):
        sample = json.loads((
            repository.NOTIFICATION_SAMPLES /
            'lockstatus-host_status-update.json').read_text())
        self.assertEqual(
            # Who has changed the host is none of the project's business.
            set(sample['payload']['nova_object.data']) - {
                'id', 'request_id', 'action_initiator_user',
                'action_initiator_project'},
            set(cloudevent.make(CHANGE, SERVER, True)['data']))

    def test_sample(self):
        sample = json.loads((
            repository.NOTIFICATION_SAMPLES /
            'webhook-host_status.json').read_text())
        data = sample['data']
        self.assertEqual(sample, cloudevent.make(
            dataclasses.replace(CHANGE, id=data['change_id']),
            SERVER._replace(
                project_id=data['tenant_id'], user_id=data['user_id'],
                system_metadata={'locked_reason': data['locked_reason']}),
            False))

    def test_sample_of_an_expired_lock(self):
        sample = json.loads((
            repository.NOTIFICATION_SAMPLES /
            'webhook-lock-expired.json').read_text())
        data = sample['data']
        made = cloudevent.make_expired(lock_expiry.ExpiredLock(
            SERVER._replace(
                uuid=data['uuid'], project_id=data['tenant_id'],
                user_id=data['user_id'], display_name=data['display_name'],
                locked=False, locked_by=None, system_metadata={}),
            lock_record.LockRecord(
                id=data['lock_id'], scope='server', scope_id=data['uuid'],
                level='delete', locked_by='admin', user_id='not-told',
                project_id='not-told', reason=data['lock_reason'],
                origin=None, since=datetime.datetime(2026, 11, 1),
                until=datetime.datetime(2026, 12, 24, 8))))
        self.assertEqual({**sample, 'id': made['id']}, made)

    def test_host_where_it_is_named(self):
        self.assertEqual('compute1',
                         cloudevent.make(CHANGE, SERVER, True)['data']['host'])

    def test_signature(self):
        signature = cloudevent.sign(BODY, 'k\u00e9y', 1700000000)
        self.assertEqual('t=1700000000,v1=' + hmac.new(
            'k\u00e9y'.encode(), b'1700000000.' + BODY,
            hashlib.sha256).hexdigest(), signature)
