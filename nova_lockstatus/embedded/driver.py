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

"""A fake hypervisor whose guests survive a restart of nova-compute."""

import uuid
from typing import Any, ClassVar

from nova import context as nova_context
from nova import objects
from nova.compute import power_state
from nova.virt import fake


class EmbeddedDriver(fake.FakeDriver):
    """Nova's fake driver, with guests that outlive nova-compute.

    It takes the guests from the database when it starts, and derives the uuid
    of its node from the name of the host; Nova's driver forgets both. Its
    guests have the power states that Nova, or a test, brings them into.
    """

    rebooted: ClassVar[set[str]] = set()
    """The hosts on which no guest runs when nova-compute starts next, as after
    a reboot."""

    def init_host(self, host: str) -> None:
        super().init_host(host)
        guests = objects.InstanceList.get_by_host(
            nova_context.get_admin_context(), host, expected_attrs=['flavor'])
        for guest in guests:
            self.instances[guest.uuid] = fake.FakeInstance(
                guest.name, power_state.SHUTDOWN if host in self.rebooted
                else guest.power_state, guest.uuid)
            self.resources.claim(
                vcpus=guest.flavor.vcpus,
                mem=guest.flavor.memory_mb,
                disk=guest.flavor.root_gb)
        self.rebooted.discard(host)

    def start_behind_nova(self, guest_uuid: str) -> None:
        """Start a guest on the hypervisor, without Nova."""
        self.instances[guest_uuid].state = power_state.RUNNING

    def suspend(self, context: Any, instance: Any) -> None:
        self.instances[instance.uuid].state = power_state.SUSPENDED

    def resume(self, context: Any, instance: Any, *args: Any, **kwargs: Any
               ) -> None:
        self.instances[instance.uuid].state = power_state.RUNNING

    def pause(self, instance: Any) -> None:
        self.instances[instance.uuid].state = power_state.PAUSED

    def unpause(self, instance: Any) -> None:
        self.instances[instance.uuid].state = power_state.RUNNING

    def resume_state_on_host_boot(self, context: Any, instance: Any,
                                  *args: Any, **kwargs: Any) -> None:
        self.instances[instance.uuid].state = power_state.RUNNING

    def get_available_resource(self, nodename: str) -> dict[str, Any]:
        resources: dict[str, Any] = super().get_available_resource(nodename)
        resources['uuid'] = _node_uuid(nodename)
        return resources

    def get_nodenames_by_uuid(self, refresh: bool = False) -> dict[str, str]:
        return {_node_uuid(node): node for node in self.get_available_nodes()}


def _node_uuid(node: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, node))
