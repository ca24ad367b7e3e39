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

"""A hypervisor that is not there, but survives a restart of its service."""

from typing import Any
import uuid

from nova import context as nova_context
from nova import objects
from nova.virt import fake


class EmbeddedDriver(fake.FakeDriver):
    """Nova's fake driver, with a memory.

    A real hypervisor's guests and its identity outlive nova-compute. Nova's
    fake driver forgets both; this one takes the guests from the database,
    and derives the identity from the host's name.
    """

    def init_host(self, host: str) -> None:
        super().init_host(host)
        guests = objects.InstanceList.get_by_host(
            nova_context.get_admin_context(), host, expected_attrs=['flavor'])
        for guest in guests:
            self.instances[guest.uuid] = fake.FakeInstance(
                guest.name, guest.power_state, guest.uuid)
            self.resources.claim(
                vcpus=guest.flavor.vcpus,
                mem=guest.flavor.memory_mb,
                disk=guest.flavor.root_gb)

    def get_available_resource(self, nodename: str) -> dict[str, Any]:
        resources: dict[str, Any] = super().get_available_resource(nodename)
        resources['uuid'] = _node_uuid(nodename)
        return resources

    def get_nodenames_by_uuid(self, refresh: bool = False) -> dict[str, str]:
        return {_node_uuid(node): node for node in self.get_available_nodes()}


def _node_uuid(node: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, node))
