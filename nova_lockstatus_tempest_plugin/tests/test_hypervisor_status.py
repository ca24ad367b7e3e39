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

"""Whether a hypervisor is up and enabled, as an admin sees it."""

from typing import Any

from tempest.lib import decorators
from tempest.lib import exceptions

from nova_lockstatus_tempest_plugin.tests import base


class HypervisorStatusTest(base.LockStatusTest):
    """The keys of a hypervisor, and the filters of the lists."""

    credentials = ['primary', 'admin']

    extension = base.HYPERVISOR_STATUS

    def setUp(self) -> None:
        """Give the client of the admin a name."""
        super().setUp()
        self.client = self.os_admin.hypervisor_client

    def _check(self, client: Any, microversion: str | None) -> None:
        with self.at(microversion):
            for path in ('os-hypervisors', 'os-hypervisors/detail'):
                hypervisors = base.get(client, path)['hypervisors']
                self.assertNotEqual([], hypervisors)
                for hypervisor in hypervisors:
                    self._check_keys(hypervisor)
            self._check_keys(base.get(
                client, 'os-hypervisors/%s' % hypervisors[0]['id'])[
                    'hypervisor'])

    def _check_keys(self, hypervisor: dict[str, Any]) -> None:
        self.assertIn(hypervisor['state'], ('up', 'down'))
        self.assertIn(hypervisor['status'], ('enabled', 'disabled'))
        self.assertIsInstance(hypervisor['forced_down'], bool)
        self.assertIsInstance(
            hypervisor['disabled_reason'], (str, type(None)))

    @decorators.idempotent_id('1ac0ba1a-aefc-49b5-87e3-77fb1709a76d')
    def test_keys_at_the_default_microversion(self) -> None:
        """List and show without a microversion, which is 2.1."""
        self._check(self.client, None)

    @decorators.idempotent_id('19114e25-fa80-44c9-8ec7-53ed86eb0766')
    def test_keys_at_2_26(self) -> None:
        """List and show at 2.26."""
        self._check(self.client, '2.26')

    @decorators.idempotent_id('18f228a5-1f61-4528-9f96-0a502d8694b6')
    def test_keys_at_2_73(self) -> None:
        """List and show at 2.73."""
        self._check(self.client, '2.73')

    @decorators.idempotent_id('fd0e3027-68ed-4d01-9f44-dba432c3f461')
    def test_keys_at_2_90(self) -> None:
        """List and show at 2.90."""
        self._check(self.client, '2.90')

    @decorators.idempotent_id('c80a4ab6-331c-4055-b46a-9b171e810176')
    def test_keys_at_the_newest_microversion(self) -> None:
        """List and show at the newest microversion of the cloud."""
        self._check(self.client, self.newest())

    @decorators.idempotent_id('58185381-258c-4a5a-b7d4-caa38e5f38af')
    def test_keys_at_v2(self) -> None:
        """List and show at ``/v2``."""
        self._check(self.legacy(self.client), None)

    @decorators.idempotent_id('b50b51d4-4ba4-431a-a42e-efc2bc29a39b')
    def test_filters(self) -> None:
        """Find each hypervisor by its state and by its status."""
        def find(query: str) -> list[Any]:
            hypervisors: list[Any] = base.get(
                self.client, 'os-hypervisors?' + query)['hypervisors']
            return hypervisors

        count = len(find(''))
        for key, values in (('state', ('up', 'down')),
                            ('status', ('enabled', 'disabled'))):
            found = [(value, hypervisor[key]) for value in values
                     for hypervisor in find('%s=%s' % (key, value))]
            self.assertEqual(count, len(found))
            self.assertEqual([], [pair for pair in found
                                  if pair[0] != pair[1]])

    @decorators.attr(type='negative')
    @decorators.idempotent_id('a3767024-32d8-4af4-8616-46efc1b888b9')
    def test_filter_that_is_no_state(self) -> None:
        """Refuse a state that there is not."""
        self.assertRaises(exceptions.BadRequest, base.get, self.client,
                          'os-hypervisors?state=broken')
