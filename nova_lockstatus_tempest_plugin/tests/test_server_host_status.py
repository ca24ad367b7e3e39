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

"""Whether the host under a server is alive, as an admin sees it."""

from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from nova_lockstatus_tempest_plugin.tests import base

STATUSES = ('UP', 'UNKNOWN', 'DOWN', 'MAINTENANCE')


class ServerHostStatusTest(base.LockStatusTest):
    """The key ``host_status`` of a server."""

    credentials = ['primary', 'admin']

    extension = base.HOST_STATUS

    @classmethod
    def resource_setup(cls) -> None:
        """Boot a server."""
        super().resource_setup()
        cls.server_id = cls.create_server()

    def setUp(self) -> None:
        """Give the client of the admin a name."""
        super().setUp()
        self.client = self.os_admin.servers_client

    def _check(self, client: Any, microversion: str | None) -> None:
        with self.at(microversion):
            self.assertIn(
                base.show(client, self.server_id)['host_status'], STATUSES)
            listed = base.get(client, 'servers/detail?all_tenants=1')
            server, = (each for each in listed['servers']
                       if each['id'] == self.server_id)
            self.assertIn(server['host_status'], STATUSES)

    @decorators.idempotent_id('0e606092-c5a4-4dfd-a1cd-e44d7721e989')
    def test_status_at_the_default_microversion(self) -> None:
        """Show and list without a microversion, which is 2.1."""
        self._check(self.client, None)

    @decorators.idempotent_id('6bd7fa95-9ffe-432f-b7c2-47807be5bb06')
    def test_status_at_2_26(self) -> None:
        """Show and list at 2.26, where Nova shows the status."""
        self._check(self.client, '2.26')

    @decorators.idempotent_id('407775ee-3d5f-4093-990b-649c680398b4')
    def test_status_at_2_73(self) -> None:
        """Show and list at 2.73."""
        self._check(self.client, '2.73')

    @decorators.idempotent_id('403cecf5-091b-4e60-8b92-4af2c6ede31a')
    def test_status_at_2_90(self) -> None:
        """Show and list at 2.90."""
        self._check(self.client, '2.90')

    @decorators.idempotent_id('b4991eb1-7d16-4d50-a7c4-4f44bf1f3927')
    def test_status_at_the_newest_microversion(self) -> None:
        """Show and list at the newest microversion of the cloud."""
        self._check(self.client, self.newest())

    @decorators.idempotent_id('ea3e3be9-8c28-4010-8cc8-22dd00f33529')
    def test_status_at_v2(self) -> None:
        """Show and list at ``/v2``."""
        self._check(self.legacy(self.client), None)

    @decorators.idempotent_id('5bc3b60f-bc9c-4b04-a277-9e7fca691f49')
    def test_filter(self) -> None:
        """Find a server by any status of its host, not by the absence."""
        self.assertIn(self.server_id, base.ids(
            self.client, 'all_tenants=1&host_status=' + ','.join(STATUSES)))
        self.assertNotIn(self.server_id, base.ids(
            self.client, 'all_tenants=1&host_status='))

    @decorators.attr(type='negative')
    @decorators.idempotent_id('5116311c-7e36-4c30-814e-725467c2ce4f')
    def test_filter_that_is_no_status(self) -> None:
        """Refuse a status that there is not."""
        self.assertRaises(exceptions.BadRequest, base.ids, self.client,
                          'all_tenants=1&host_status=BROKEN')
