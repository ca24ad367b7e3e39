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
import uuid

import testtools

from nova_lockstatus.core import host_event

SERVER = '9168b536-cd40-4630-b43f-b259807c6e87'


class ChangeTestCase(testtools.TestCase):

    CHANGE = host_event.StatusChange(
        id='0f2bd3a5-7c1e-4a43-9d0b-5e1c6a7f8b92', cell=str(uuid.uuid4()),
        host='compute1', old='UP', new='DOWN',
        changed_at=datetime.datetime.now(datetime.timezone.utc))

    def test_id_tells_changes_and_servers_apart(self):
        expected = self.CHANGE.announcement_id(SERVER)
        self.assertEqual(
            expected,
            dataclasses.replace(self.CHANGE).announcement_id(SERVER))
        self.assertNotEqual(
            expected, self.CHANGE.announcement_id(str(uuid.uuid4())))
        self.assertNotEqual(
            expected, dataclasses.replace(
                self.CHANGE, id=str(uuid.uuid4())).announcement_id(SERVER))
        self.assertEqual(5, uuid.UUID(expected).version)

    def test_id_stays_the_same_between_releases(self):
        self.assertEqual('872e74b6-519f-559f-93b7-076db6de2f19',
                         self.CHANGE.announcement_id(SERVER))
