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

"""A lock of the level delete refuses what destroys, and nothing else."""

import fixtures
from nova import context as nova_context
from nova import exception as nova_exception
from nova import objects
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.policies import server_locks as policies
from nova_lockstatus.tests.fixtures import server_locks_case as case
from nova_lockstatus.tests.fixtures import state_lock_requests as requests


class ProtectionTestCase(case.ServerLocksTestCase):

    def setUp(self):
        super().setUp()
        self.set_lock('owner', level='delete', locked_reason='keep',
                      locked_until='2030-01-01T00:00:00Z')

    def assert_protected(self, answer, by='owner', why='keep'):
        self.assertEqual(409, answer.status_code, answer.text)
        self.assertEqual(
            'Instance %s is locked against deletion by %s until 2030-01-01 '
            '00:00 UTC: %s' % (self.server_id, by, why),
            answer.json['conflictingRequest']['message'])

    def delete(self, token='owner'):
        return self.nova.request(
            'DELETE', '/v2.1/servers/' + self.server_id, token)

    def test_nova_has_no_lock(self):
        self.assertEqual((False, None, None), self.columns())
        for shown in (self.show(self.server_id),
                      self.detail()[self.server_id]):
            self.assertEqual((False, None, True, None), (
                shown['locked'], shown['locked_by'],
                shown['delete_protected'], shown['locked_until']))
        self.assertEqual(['add_lock'], self.actions())

    def test_what_destroys_is_refused(self):
        for answer in (
                self.delete(), self.delete('member'),
                self.act({'forceDelete': None}, 'owner'),
                self.act({'rebuild': {'imageRef': case.IMAGE}}),
                self.act({'shelve': None})):
            self.assert_protected(answer)
        self.assertEqual('ACTIVE', self.show(self.server_id)['status'])

    def test_the_rest_passes(self):
        for body in ({'reboot': {'type': 'HARD'}}, {'os-stop': None}):
            answer = self.act(body)
            self.assertEqual(202, answer.status_code, answer.text)
            self.nova.wait_for(
                self.server_id, 'ACTIVE' if 'reboot' in body else 'SHUTOFF')

    def test_who_may_not_is_told_nothing_of_it(self):
        answer = self.delete('reader')
        self.assertEqual(403, answer.status_code)
        self.assertNotIn('keep', answer.text)
        self.assertEqual(404, self.delete('other').status_code)

    def test_admins_pass(self):
        self.assertEqual(204, self.delete('admin').status_code)

    def test_rule_binds_admins(self):
        self.set_rule(policies.BYPASS, '!')
        self.assert_protected(self.delete('admin'))
        self.unlock('owner')
        self.assertEqual(204, self.delete('admin').status_code)

    def test_owner_cannot_lift_the_lock_of_an_admin(self):
        self.unlock('owner')
        self.set_lock('admin', level='delete', locked_reason='legal hold',
                      locked_until='2030-01-01T00:00:00Z')
        answer = self.act({'unlock': None})
        self.assertEqual(403, answer.status_code)
        self.assertIn('is locked against deletion by admin until 2030-01-01 '
                      '00:00 UTC: legal hold',
                      answer.json['forbidden']['message'])
        self.assert_protected(self.delete(), 'admin', 'legal hold')

    def test_each_lock_is_named(self):
        self.set_lock('member', locked_reason='mine')
        answer = self.delete()
        self.assertEqual(
            'Instance %s is locked by owner: mine. It also has: lock against '
            'deletion by owner until 2030-01-01 00:00 UTC: keep'
            % self.server_id, answer.json['conflictingRequest']['message'])

    def test_parts_that_the_caller_may_not_see(self):
        for rule in ('locked_by', 'locked_reason'):
            self.set_rule(
                'os_compute_api:os-server-locked-status:' + rule, '!')
        self.set_rule(policies.LOCKED_UNTIL, '!')
        self.set_rule(policies.DELETE_PROTECTED, '!')
        self.assertEqual(
            'Instance %s is locked' % self.server_id,
            self.delete().json['conflictingRequest']['message'])

    def damage(self):
        """Write over a part of the lock in the cell's database."""
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(
            context, self.nova.services.cell_mappings['cell1'])
        with db.get_context_manager(context).writer.using(context) as session:
            session.query(models.InstanceSystemMetadata).filter(
                models.InstanceSystemMetadata.instance_uuid == self.server_id,
                models.InstanceSystemMetadata.key.startswith(
                    'lockstatus_lock:')).update({'value': '{'})

    def test_damaged_locks_fail_closed(self):
        self.damage()
        answer = self.delete()
        self.assertEqual(503, answer.status_code, answer.text)
        self.assertEqual(503, self.act({'os-stop': None}).status_code)
        self.assertTrue(self.show(self.server_id)['delete_protected'])
        self.set_lock('owner', level='delete', locked_reason='keep',
                      locked_until='2030-01-01T00:00:00Z')
        self.assert_protected(self.delete())

    def test_root_volume_that_cannot_be_read_fails_closed(self):
        def get(*args, **kwargs):
            raise nova_exception.CellTimeout()

        self.useFixture(fixtures.MonkeyPatch(
            'nova.objects.BlockDeviceMapping.get_by_volume_and_instance',
            get))
        answer = self.nova.request(
            'DELETE', '/v2.1/servers/%s/os-volume_attachments/%s' % (
                self.server_id, requests.UUID), 'owner')
        self.assertEqual(503, answer.status_code, answer.text)


class VolumeTestCase(case.ServerLocksTestCase):

    def setUp(self):
        super().setUp()
        self.set_lock('owner', level='delete')

    def use_volume(self, boot_index):
        def get(*args, **kwargs):
            return objects.BlockDeviceMapping(boot_index=boot_index)

        self.useFixture(fixtures.MonkeyPatch(
            'nova.objects.BlockDeviceMapping.get_by_volume_and_instance',
            get))

    def detach(self):
        return self.nova.request(
            'DELETE', '/v2.1/servers/%s/os-volume_attachments/%s' % (
                self.server_id, requests.UUID), 'owner')

    def test_root_volume(self):
        self.use_volume(0)
        self.assertEqual(409, self.detach().status_code)

    def test_another_volume(self):
        self.use_volume(None)
        self.assertNotIn('against deletion', self.detach().text)

    def test_volume_of_no_server(self):
        self.assertEqual(404, self.detach().status_code)

    def test_shelved_server_with_a_root_volume(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.compute.utils.is_volume_backed_instance',
            lambda *args, **kwargs: True))
        answer = self.act({'shelve': None})
        self.assertEqual(202, answer.status_code, answer.text)
