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

"""The notifications of the guard."""

import json
import os
import threading

import testtools
from nova.conf import CONF

from nova_lockstatus.events.notifications.objects import guard as objects
from nova_lockstatus.events.notifications.objects import service_publisher
from nova_lockstatus.tests.fixtures import fingerprints
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.watch.guard import tasks

FINGERPRINTS = {
    'GuardNotification': '1.0-a73147b93b520ff0061865849d3dfa56',
    'GuardPayload': '1.0-ad76605505ec67d5288785555f7c7bff',
    'ServicePublisher': '1.0-578ee5fea2922ff32e8917621f140857',
}


class GuardObjectsTestCase(testtools.TestCase):

    def test_fingerprints(self):
        fingerprints.check(self, [objects, service_publisher], FINGERPRINTS)


class GuardSamplesTestCase(GuardTestCase):

    def assertSample(self, name, notification):
        text = json.dumps(notification, indent=4, sort_keys=True)
        data = notification['payload']['nova_object.data']
        for volatile, replacement in (
                (data['uuid'], '9168b536-cd40-4630-b43f-b259807c6e87'),
                (data['request_id'],
                 'req-5b6c791d-5709-4f36-8fbe-c3e02869e35d')):
            text = text.replace(volatile, replacement)
        path = repository.NOTIFICATION_SAMPLES / (name + '.json')
        if os.environ.get('GENERATE_SAMPLES'):
            path.write_text(text + '\n')
        self.assertEqual(json.loads(path.read_text()), json.loads(text))

    def test_samples(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.configure('lockstatus', guard='report')
        tasks.Guard(CONF).run(threading.Event())
        self.configure('lockstatus', guard='enforce')
        self.look()
        found, acted = self.sent()
        self.assertSample('lockstatus-guard-found', found)
        self.assertSample('lockstatus-guard-acted', acted)
        self.assertEqual(['WARN', 'INFO'],
                         [found['priority'], acted['priority']])

    def test_nobody_wants_them(self):
        self.configure('notifications', notification_format='unversioned')
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.look()
        self.assertEqual(self.SUSPENDED, self.states(server_id))
