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

"""A lock while Nova saves all system metadata of a server."""

import time

import fixtures
from nova import context as nova_context
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.tests.fixtures import base

IMAGE = '76fa36fc-c930-4bf3-8c8a-ea2a2420deb6'

CALLS = (
    ({'rebuild': {'imageRef': IMAGE}}, 'ACTIVE'),
    ({'shelve': None}, 'SHELVED_OFFLOADED'),
    ({'unshelve': None}, 'ACTIVE'),
    ({'migrate': None}, 'VERIFY_RESIZE'),
    ({'revertResize': None}, 'ACTIVE'),
)
"""Calls in this order, and the status that the server has after each."""

SAVING = ('rebuild', 'shelve', 'migrate')
"""The calls in which nova-api saves system metadata."""


class SavedByTheApiTestCase(base.NovaTestCase):
    """nova-api has read the server before its lock changes."""

    options = {'hosts': ('compute1', 'compute2')}

    def setUp(self):
        super().setUp()
        self.server_id = self.nova.boot_server('db')
        self.addCleanup(self.act, {'forceDelete': None})

    def act(self, body):
        return self.nova.request(
            'POST', '/v2.1/servers/%s/action' % self.server_id, 'admin',
            body, '2.73')

    def forget_image(self):
        """Leave out what servers of old releases do not have.

        nova-api adds it in some calls, and saves the system metadata.
        """
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(
            context, self.nova.services.cell_mappings['cell1'])
        with db.get_context_manager(context).writer.using(context) as session:
            session.query(models.InstanceSystemMetadata).filter_by(
                instance_uuid=self.server_id,
                key='image_base_image_ref').delete()

    def reason(self):
        server = self.show(self.server_id, 'admin')
        return server['locked'], server['locked_reason']

    def change_before_save(self, body, *changes):
        """Let the lock change before a call saves system metadata first."""
        original = db.instance_update_and_get_original
        pending = [changes]

        def update(context, uuid, values, *args, **kwargs):
            if 'system_metadata' in values and pending:
                for change in pending.pop():
                    self.assertEqual(202, self.act(change).status_code)
            return original(context, uuid, values, *args, **kwargs)

        with fixtures.MonkeyPatch(
                'nova.db.main.api.instance_update_and_get_original', update):
            answer = self.act(body)
        self.assertEqual(202, answer.status_code, answer.text)
        return not pending

    def each_save(self, before, during, calls=CALLS[:1]):
        """Yield each call in which the lock has changed before a save."""
        names = []
        for body, status in calls:
            for change in before:
                self.assertEqual(202, self.act(change).status_code)
            self.forget_image()
            is_changed = self.change_before_save(body, *during)
            self.nova.wait_for(self.server_id, status)
            while self.show(self.server_id, 'admin')[
                    'OS-EXT-STS:task_state']:
                time.sleep(0.05)
            if is_changed:
                names += body
                yield body
        self.assertEqual([name for body, _ in calls for name in body
                          if name in SAVING], names)

    def test_lock(self):
        for body in self.each_save(
                before=[{'unlock': None}],
                during=[{'lock': {'locked_reason': 'why'}}], calls=CALLS):
            self.assertEqual((True, 'why'), self.reason(), body)

    def test_another_reason(self):
        for body in self.each_save(
                before=[{'unlock': None}, {'lock': {'locked_reason': 'old'}}],
                during=[{'unlock': None}, {'lock': {'locked_reason': 'new'}}]):
            self.assertEqual((True, 'new'), self.reason(), body)

    def test_unlock(self):
        for body in self.each_save(
                before=[{'lock': {'locked_reason': 'old'}}],
                during=[{'unlock': None}, {'lock': None}]):
            self.assertEqual((True, None), self.reason(), body)
            self.act({'unlock': None})
