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

"""What is gathered of the hypervisors of one answer."""

from collections.abc import Iterator
from typing import Any

from nova_lockstatus.core import hypervisor_filter
from nova_lockstatus.extensions import base


class Hypervisors:
    """The hypervisors that Nova has shown so far, and what was read for them.

    It is iterated over as ``Fields.merge()`` takes them.
    """

    def __init__(self) -> None:
        self.hosts: Any = None
        """What is known of the hosts of a list."""
        self.search: hypervisor_filter.HypervisorFilter | None = None
        """What a list is filtered by."""
        self.viewed_service: Any = None
        """The Service of the hypervisor that Nova's view is working on."""
        self.uptimes: Any = None
        """The uptimes of the hosts of a list, once asked for."""
        self._shown: list[tuple[dict[str, Any], base.Hypervisor]] = []

    def add(self, body: dict[str, Any], node: Any, service: Any) -> None:
        """Remember a hypervisor that Nova shows.

        :param body: the very dict that stands in the answer
        :param node: the ComputeNode that it shows
        :param service: the Service of its nova-compute
        """
        self._shown.append((body, base.Hypervisor(node, service)))

    def __iter__(self) -> Iterator[tuple[dict[str, Any], base.Hypervisor]]:
        """Yield the dict of each in the answer, with the hypervisor."""
        return iter(self._shown)

    @property
    def last_node(self) -> Any:
        """Return the ComputeNode of the last one so far."""
        return self._shown[-1][1].node
