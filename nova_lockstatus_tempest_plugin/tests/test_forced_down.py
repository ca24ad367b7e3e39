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

"""A host that an admin says is down."""

from typing import Any

from tempest import config
from tempest.lib import decorators

from nova_lockstatus_tempest_plugin.tests import base

CONF = config.CONF

FORCED_DOWN_SINCE = '2.53'


@decorators.serial
class ForcedDownTest(base.LockStatusTest):
    """Has a server, whose host each test forces down for a moment."""

    credentials = ['primary', 'admin']

    @classmethod
    def skip_checks(cls) -> None:
        """Skip where a host must not be forced down."""
        super().skip_checks()
        if not CONF.lockstatus.force_down:
            raise cls.skipException('[lockstatus]force_down is not set')

    @classmethod
    def resource_setup(cls) -> None:
        """Boot the server."""
        super().resource_setup()
        cls.server_id = cls.create_server()

    def setUp(self) -> None:
        """Force down the host."""
        super().setUp()
        self.client = self.os_admin.servers_client
        self.host = base.show(self.client, self.server_id)[
            'OS-EXT-SRV-ATTR:host']
        with self.at(FORCED_DOWN_SINCE):
            service, = self.os_admin.services_client.list_services(
                host=self.host, binary='nova-compute')['services']
        self.addCleanup(self._force_down, service['id'], False)
        self._force_down(service['id'], True)

    def _force_down(self, service_id: str, forced_down: bool) -> None:
        with self.at(FORCED_DOWN_SINCE):
            self.os_admin.services_client.update_service(
                service_id, forced_down=forced_down)


class ServerOnForcedDownHostTest(ForcedDownTest):
    """What is seen of the server."""

    extension = base.HOST_STATUS

    @decorators.idempotent_id('94a335b3-e11f-4464-a4b7-cecb58614b3f')
    def test_the_host_is_down(self) -> None:
        """Show and find the server as one whose host is down."""
        self.assertEqual(
            'DOWN', base.show(self.client, self.server_id)['host_status'])
        for detail in (False, True):
            self.assertIn(self.server_id, base.ids(
                self.client, 'all_tenants=1&host_status=DOWN', detail))
            self.assertNotIn(self.server_id, base.ids(
                self.client, 'all_tenants=1&host_status=UP', detail))


class ForcedDownHypervisorTest(ForcedDownTest):
    """What is seen of the hypervisor."""

    extension = base.HYPERVISOR_STATUS

    @decorators.idempotent_id('213ebc64-f24b-42e7-9d01-88c6acf49211')
    def test_the_hypervisor_is_forced_down(self) -> None:
        """List and find the hypervisor as one that is forced down."""
        hypervisor, = self._on_host('os-hypervisors/detail')
        self.assertEqual((True, 'down'), (
            hypervisor['forced_down'], hypervisor['state']))
        self.assertEqual(1, len(
            self._on_host('os-hypervisors/detail?state=down')))
        self.assertEqual([], self._on_host('os-hypervisors/detail?state=up'))

    def _on_host(self, path: str) -> list[Any]:
        return [
            each for each in base.get(
                self.os_admin.hypervisor_client, path)['hypervisors']
            if each['service']['host'] == self.host]
