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

"""Finds servers among many, or the locked ones, each cell with one look."""

from collections.abc import Collection, Iterable
from typing import Any

from nova import context as nova_context
from nova import exception as nova_exception
from nova.objects import host_mapping
from nova.objects import instance
from nova.objects import instance_mapping

RELIES_ON = (
    'nova.context:CELL_TIMEOUT',
    'nova.context:RequestContext.elevated',
    'nova.context:is_cell_failure_sentinel',
    'nova.context:scatter_gather_cells',
    'nova.objects.host_mapping:HostMapping.get_by_host',
    'nova.objects.instance:InstanceList.get_by_filters',
    'nova.objects.instance_mapping:InstanceMappingList.get_by_instance_uuids',
)


def of_uuids(context: Any, uuids: Collection[str] | None,
             only_locked: bool = True) -> list[Any]:
    """Find the locked ones of some servers, or all of them.

    :param context: the caller's RequestContext
    :param uuids: of the servers, of any project. Those that are deleted, or
        not scheduled yet, cannot be locked
    :returns: the Instances, with their system metadata
    :raises CellTimeout: when a cell cannot be read
    """
    if not uuids:
        return []
    mappings = instance_mapping.InstanceMappingList.get_by_instance_uuids(
        context, list(uuids))
    cells = {mapping.cell_mapping.uuid: mapping.cell_mapping
             for mapping in mappings if mapping.cell_mapping is not None}
    return _find(context, cells.values(), {'uuid': list(uuids)}, only_locked)


def on_host(context: Any, host: str, only_locked: bool = True) -> list[Any]:
    """Find the locked servers on a host, or all of them.

    :param context: the caller's RequestContext
    :param host: the name of the host; none are on one that Nova does not have
    :returns: the Instances, with their system metadata
    :raises CellTimeout: when the host's cell cannot be read
    """
    try:
        mapping = host_mapping.HostMapping.get_by_host(context, host)
    except nova_exception.HostMappingNotFound:
        return []
    return _find(context, [mapping.cell_mapping], {'host': host}, only_locked)


def _find(context: Any, cells: Iterable[Any], filters: dict[str, Any],
          only_locked: bool) -> list[Any]:
    if only_locked:
        filters = {**filters, 'locked': True}
    # NOTE: without an admin's context only servers of the caller's project
    # are found. One that is deleted, or deleted softly, is not.
    results = nova_context.scatter_gather_cells(
        context.elevated(), list(cells), nova_context.CELL_TIMEOUT,
        instance.InstanceList.get_by_filters,
        {**filters, 'deleted': False},
        expected_attrs=['system_metadata'])
    found: list[Any] = []
    for result in results.values():
        if nova_context.is_cell_failure_sentinel(result):
            raise nova_exception.CellTimeout
        found.extend(result)
    return found
