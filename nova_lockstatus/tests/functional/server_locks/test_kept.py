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

"""Locks while Nova saves a server, makes an image of it, or moves it."""

import fixtures
from nova.db.main import api as db

from nova_lockstatus.core import lock_rows
from nova_lockstatus.tests.fixtures import server_locks_case as case


class ImagesTestCase(case.ServerLocksTestCase):

    def test_locks_are_no_properties_of_an_image(self):
        self.set_lock('owner', level='delete', locked_reason='keep')
        before = set(self.nova.images)
        answer = self.act({'createImage': {'name': 'copy'}})
        self.assertEqual(202, answer.status_code, answer.text)
        self.nova.wait_for(self.server_id, 'ACTIVE')
        image, = set(self.nova.images) - before
        properties = self.nova.images[image]['properties']
        self.assertIn('image_type', properties)
        self.assertEqual([], [key for key in properties
                              if lock_rows.is_key(key)])


class SavesTestCase(case.ServerLocksTestCase):
    """nova-api has read the server before its locks change."""

    def test_lock_before_a_save(self):
        self.set_lock('owner', level='delete', locked_reason='old')
        original = db.instance_update_and_get_original
        pending = [1]

        def update(context, uuid, values, *args, **kwargs):
            if 'system_metadata' in values and pending:
                pending.pop()
                self.unlock('owner')
                self.set_lock('member', level='delete', locked_reason='new')
            return original(context, uuid, values, *args, **kwargs)

        with fixtures.MonkeyPatch(
                'nova.db.main.api.instance_update_and_get_original', update):
            answer = self.act({'rebuild': {'imageRef': case.IMAGE}}, 'admin')
        self.assertEqual(202, answer.status_code, answer.text)
        self.assertEqual([], pending)
        self.nova.wait_for(self.server_id, 'ACTIVE')
        self.assertEqual(['new'], [
            record.reason for record in self.records()])
