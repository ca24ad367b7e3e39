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

"""Finds a compute host by its name."""

from typing import Any

from nova import exception as nova_exception
from nova.objects import host_mapping


def find(context: Any, name: str) -> tuple[str, str] | None:
    """Find the cell of a compute host.

    :param context: a RequestContext
    :returns: the uuid of the cell and the name as Nova has it, None where
        Nova has no such host
    """
    try:
        found = host_mapping.HostMapping.get_by_host(context, name)
    except nova_exception.HostMappingNotFound:
        return None
    return found.cell_mapping.uuid, found.host
