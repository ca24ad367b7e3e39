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

"""A locked server that nobody changes."""

from tempest.lib import decorators
from tempest.lib import exceptions
from tempest.lib.common.utils import data_utils

from nova_lockstatus_tempest_plugin.tests import base


class ServerStateLockTest(base.LockStatusTest):
    """Calls that stock Nova does not refuse for a locked server."""

    extension = base.STATE_LOCK

    @classmethod
    def resource_setup(cls) -> None:
        """Boot the server."""
        super().resource_setup()
        cls.server_id = cls.create_server()

    @decorators.attr(type='negative')
    @decorators.idempotent_id('5fe8ea00-2044-4597-9c59-896057a705b0')
    def test_a_locked_server_is_not_renamed(self) -> None:
        """Refuse to rename a locked server, and rename it once unlocked."""
        client = self.os_primary.servers_client
        before = base.show(client, self.server_id)['name']
        name = data_utils.rand_name('lockstatus')
        client.lock_server(self.server_id)
        self.addCleanup(client.unlock_server, self.server_id)
        self.assertRaises(
            exceptions.Conflict, client.update_server, self.server_id,
            name=name)
        self.assertEqual(before, base.show(client, self.server_id)['name'])

        client.unlock_server(self.server_id)
        client.update_server(self.server_id, name=name)
        self.assertEqual(name, base.show(client, self.server_id)['name'])
