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

"""Whether a server is locked, by whom and why, at each microversion."""

from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions
from tempest.lib.common.utils import data_utils

from nova_lockstatus_tempest_plugin.tests import base


class LockTest(base.LockStatusTest):
    """Has a server that is not locked."""

    extension = base.LOCKED_STATUS

    @classmethod
    def resource_setup(cls) -> None:
        """Boot the server."""
        super().resource_setup()
        cls.server_id = cls.create_server()

    def setUp(self) -> None:
        """Give the client of the server's owner a name."""
        super().setUp()
        self.client = self.os_primary.servers_client

    def lock(self, client: Any, **body: str) -> str:
        """Lock the server with a reason, until the test ends.

        :param client: the client of the user who locks it
        :param body: another reason
        :returns: the reason
        """
        reason = body.get('locked_reason') or data_utils.rand_name('reason')
        self.addCleanup(client.unlock_server, self.server_id)
        client.lock_server(self.server_id, locked_reason=reason)
        return reason


class ServerLockFieldsTest(LockTest):
    """A lock with a reason and the keys of a server, as the owner sees it."""

    def _check(self, client: Any, microversion: str | None) -> None:
        with self.at(microversion):
            reason = self.lock(client)
            locked = {'locked': True, 'locked_by': 'owner',
                      'locked_reason': reason}
            shown = base.show(client, self.server_id)
            self.assertEqual(locked, {key: shown.get(key) for key in locked})
            self.assertRegex(shown['locked_at'], r'^\d{4}-.*Z$')
            listed = self._listed(client, 'servers/detail?locked=true')
            self.assertEqual(locked, {key: listed.get(key) for key in locked})

            client.unlock_server(self.server_id)
            unlocked = {'locked': False, 'locked_by': None,
                        'locked_reason': None}
            for server in (base.show(client, self.server_id),
                           self._listed(client, 'servers/detail')):
                self.assertEqual(
                    unlocked, {key: server.get(key, '') for key in unlocked})

    def _listed(self, client: Any, path: str) -> Any:
        server, = (each for each in base.get(client, path)['servers']
                   if each['id'] == self.server_id)
        return server

    @decorators.idempotent_id('a2156bf1-3c7b-4fec-9153-1857dda44da5')
    def test_fields_at_the_default_microversion(self) -> None:
        """Lock, show and list without a microversion, which is 2.1."""
        self._check(self.client, None)

    @decorators.idempotent_id('30860b19-92eb-466a-9c57-9d065e6c3d5e')
    def test_fields_at_2_26(self) -> None:
        """Lock, show and list at 2.26, where Nova shows ``locked``."""
        self._check(self.client, '2.26')

    @decorators.idempotent_id('96d5422f-0906-4b20-bf0f-4cef7a273d6e')
    def test_fields_at_2_73(self) -> None:
        """Lock, show and list at 2.73, where Nova shows the reason."""
        self._check(self.client, '2.73')

    @decorators.idempotent_id('7e9b6dab-b619-487c-9625-3ec399b0f78d')
    def test_fields_at_2_90(self) -> None:
        """Lock, show and list at 2.90."""
        self._check(self.client, '2.90')

    @decorators.idempotent_id('72dd5738-802e-4e93-aa52-1dc01919f1e9')
    def test_fields_at_the_newest_microversion(self) -> None:
        """Lock, show and list at the newest microversion of the cloud."""
        self._check(self.client, self.newest())

    @decorators.idempotent_id('ad903327-cd1d-434a-a7c0-191da6aa3994')
    def test_fields_at_v2(self) -> None:
        """Lock, show and list at ``/v2``."""
        self._check(self.legacy(self.client), None)

    @decorators.idempotent_id('826fadd9-d024-47af-b03d-d016e58758af')
    def test_update(self) -> None:
        """Update a server, whose response has the keys."""
        shown = self.client.update_server(
            self.server_id,
            name=data_utils.rand_name('lockstatus'))['server']
        self.assertEqual((False, None, None), (
            shown['locked'], shown['locked_by'], shown['locked_reason']))


class ServerLockTest(LockTest):
    """Locks, filters and refusals at the default microversion."""

    @classmethod
    def resource_setup(cls) -> None:
        """Boot another server, which stays unlocked."""
        super().resource_setup()
        cls.unlocked_id = cls.create_server()

    def _find(self, query: str, detail: bool = False) -> set[str]:
        return base.ids(self.client, query, detail) & {
            self.server_id, self.unlocked_id}

    @decorators.attr(type='negative')
    @decorators.idempotent_id('4e414d17-aebd-4c66-b71a-5f4b0e5ee1cf')
    def test_reason_that_is_too_long(self) -> None:
        """Refuse a reason of 256 characters, and lock nothing."""
        self.assertRaises(
            exceptions.BadRequest, self.lock, self.client,
            locked_reason='x' * 256)
        self.assertIs(
            False, base.show(self.client, self.server_id)['locked'])

    @decorators.idempotent_id('25dc1018-bb5d-4379-bf35-418fb5922812')
    def test_filter_by_lock(self) -> None:
        """Find servers that are locked and servers that are not."""
        self.lock(self.client)
        for detail in (False, True):
            self.assertEqual(
                {self.server_id}, self._find('locked=true', detail))
            self.assertEqual(
                {self.unlocked_id}, self._find('locked=false', detail))

    @decorators.idempotent_id('bd820d9d-a2bc-47bb-b9ff-9c692e54f1ed')
    def test_filter_by_who_holds_the_lock(self) -> None:
        """Find servers that their owner has locked."""
        self.lock(self.client)
        self.assertEqual({self.server_id}, self._find('locked_by=owner'))
        self.assertEqual(set(), self._find('locked_by=admin'))

    @decorators.attr(type='negative')
    @decorators.idempotent_id('f815fa17-98ca-4a47-bb55-cb40091f1492')
    def test_filter_that_is_no_boolean(self) -> None:
        """Refuse a filter whose value is no boolean."""
        self.assertRaises(
            exceptions.BadRequest, base.ids, self.client, 'locked=maybe')

    @decorators.attr(type='negative')
    @decorators.idempotent_id('98245b97-a77d-4288-84fb-96dfb62eed85')
    def test_refusal_says_who_and_why(self) -> None:
        """Name the lock and the reason in the refusal of a call."""
        reason = self.lock(self.client)
        refused = self.assertRaises(
            exceptions.Conflict, self.client.reboot_server, self.server_id,
            type='SOFT')
        self.assertIn('locked by owner: ' + reason, str(refused))


class AdminLockTest(LockTest):
    """A lock that an admin of another project has made."""

    credentials = ['primary', 'admin']

    def setUp(self) -> None:
        """Lock the server."""
        super().setUp()
        self.reason = self.lock(self.os_admin.servers_client)

    @decorators.idempotent_id('803c7675-e1c3-4e4b-ac0c-d7d306c34080')
    def test_the_owner_sees_who_and_why(self) -> None:
        """Show the lock of an admin to the owner of the server."""
        server = base.show(self.client, self.server_id)
        self.assertEqual((True, 'admin', self.reason), (
            server['locked'], server['locked_by'], server['locked_reason']))

    @decorators.idempotent_id('49abebd3-9b79-479a-ac50-59aad5899308')
    def test_an_admin_sees_the_user(self) -> None:
        """Show the user who has locked the server to an admin."""
        server = base.show(self.os_admin.servers_client, self.server_id)
        self.assertEqual(self.os_admin.credentials.user_id,
                         server['locked_by_user_id'])

    @decorators.idempotent_id('ab22753d-7724-447d-8df4-66a91659ea47')
    def test_filter_by_who_holds_the_lock(self) -> None:
        """Find servers that an admin has locked."""
        self.assertIn(
            self.server_id, base.ids(self.client, 'locked_by=admin'))
        self.assertNotIn(
            self.server_id, base.ids(self.client, 'locked_by=owner'))

    @decorators.attr(type='negative')
    @decorators.idempotent_id('7c53fec1-2a6d-4ac6-9909-0b9a7113fa84')
    def test_refusal_says_who_and_why(self) -> None:
        """Name the lock of an admin in the refusal of a call."""
        refused = self.assertRaises(
            exceptions.Conflict, self.client.delete_server, self.server_id)
        self.assertIn('locked by admin: ' + self.reason, str(refused))

    @decorators.attr(type='negative')
    @decorators.idempotent_id('73709055-1c1c-434a-a33f-328f7949b65b')
    def test_refusal_to_unlock_says_who_and_why(self) -> None:
        """Name the lock where the owner may not lift it."""
        refused = self.assertRaises(
            exceptions.Forbidden, self.client.unlock_server, self.server_id)
        self.assertIn('locked by admin: ' + self.reason, str(refused))
