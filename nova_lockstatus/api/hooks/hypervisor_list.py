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

"""Lists hypervisors with a few statements for each cell, however many.

Nova's controllers stay as they are. They ask Nova's HostAPI for the nodes, and
then for the service and the servers of each; here the second question is
answered out of what was read for all of them.
"""

from collections.abc import Callable
from typing import Any

from nova import exception as nova_exception
from nova.db.main import api as db
from nova.objects import compute_node
from oslo_utils import uuidutils

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import hypervisor_filter
from nova_lockstatus.api.hooks.hypervisor_filter import ALIAS
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.gateway import hypervisor_hosts
from nova_lockstatus.gateway import hypervisor_rows

API = 'nova.compute.api:HostAPI'


def _read_nodes(context: Any, limit: int | None, marker: Any
                ) -> list[hypervisor_rows.Node]:
    if marker and uuidutils.is_uuid_like(marker):
        marker = compute_node.ComputeNode.get_by_uuid(context, marker).id
    return [hypervisor_rows.Node(context, row)
            for row in db.compute_node_get_all_by_pagination(
                context, limit=limit, marker=marker)]


def _read_page(context: Any, limit: int | None, marker: str | None
               ) -> list[hypervisor_rows.Node]:
    """Read nodes, as HostAPI.compute_node_get_all() does.

    :raises MarkerNotFound: when no cell has the marker
    """
    nodes: list[hypervisor_rows.Node] = []
    failed: list[Exception] = []
    cells = hypervisor_hosts.cells()
    for cell in cells:
        try:
            found = hypervisor_hosts.query_cells(
                context, [cell], _read_nodes, limit, marker)[cell.uuid]
        except Exception as error:
            failed.append(error)
            continue
        if isinstance(found, nova_exception.NovaException):
            # The marker is not in this cell.
            continue
        nodes.extend(found)
        marker = None
        if limit:
            limit -= len(found)
            if limit <= 0:
                break
    if failed and len(failed) == len(cells):
        raise failed[0]
    if marker is not None and not nodes:
        raise nova_exception.MarkerNotFound(marker=marker)
    return nodes


def _compute_node_get_all(original: Callable[..., Any],
                          state: RequestState, api: Any, context: Any,
                          limit: int | None = None,
                          marker: str | None = None) -> Any:
    if hypervisor_filter.read_filter(state) is None:
        nodes = _read_page(context, limit, marker)
        state.hypervisors.hosts = hypervisor_hosts.Hosts(context, nodes)
        return nodes
    return hypervisor_filter.read_page(state, api, context, limit, marker)


def _search(context: Any, pattern: str) -> list[hypervisor_rows.Node]:
    # NOTE: the rows of models have the columns as items.
    return [hypervisor_rows.Node(context, row)
            for row in db.compute_node_search_by_hypervisor(context, pattern)]


def _compute_node_search(original: Callable[..., Any],
                         state: RequestState, api: Any, context: Any,
                         hypervisor_match: str) -> Any:
    cells = hypervisor_hosts.cells()
    found = hypervisor_hosts.query_cells(
        context, cells, _search, hypervisor_match)
    nodes = [node for cell in cells for node in found.get(cell.uuid, ())]
    state.hypervisors.hosts = hypervisor_hosts.Hosts(context, nodes)
    return nodes


def _service_get_by_compute_host(original: Callable[..., Any],
                                 state: RequestState, api: Any,
                                 context: Any, host_name: str) -> Any:
    hosts = state.hypervisors.hosts
    if hosts is None or hosts.cell(host_name) is None:
        return original(api, context, host_name)
    return hosts.service(host_name)


def _instance_get_all_by_host(original: Callable[..., Any],
                              state: RequestState, api: Any, context: Any,
                              host_name: str) -> Any:
    hosts = state.hypervisors.hosts
    if hosts is None or hosts.cell(host_name) is None:
        return original(api, context, host_name)
    return hosts.servers(host_name)


def _view_hypervisor(original: Callable[..., Any], controller: Any,
                     hypervisor: Any, service: Any, *args: Any,
                     **kwargs: Any) -> Any:
    state = CURRENT.get()
    if state is None:
        return original(controller, hypervisor, service, *args, **kwargs)
    state.hypervisors.viewed_service = service
    body = original(controller, hypervisor, service, *args, **kwargs)
    state.hypervisors.viewed_service = None
    state.hypervisors.add(body, hypervisor, service)
    return body


# NOTE: HypervisorsController asks HostAPI for the nodes, and then of each node
# for the servers and the service of its host, since release 16. target_cell()
# and compute_node_get_all_by_pagination() are what HostAPI itself uses. All
# methods of the controller make the dict of a hypervisor with
# _view_hypervisor(), since before release 20.
HOOKS = (
    Hook(API, 'compute_node_get_all', ('self', 'context', 'limit', 'marker'),
         _compute_node_get_all,
         relies_on=(
             'nova.compute.api:load_cells',
             'nova.compute.api:CELLS',
             'nova.context:scatter_gather_cells',
             'nova.context:is_cell_failure_sentinel',
             'nova.context:CELL_TIMEOUT',
             'nova.db.api.api:context_manager',
             'nova.db.api.models:HostMapping.cell_id',
             'nova.db.main.api:get_context_manager',
             'nova.db.main.api:compute_node_get_all_by_pagination',
             'nova.db.main.models:Service',
             'nova.db.main.models:Instance.name',
             'nova.objects.compute_node:ComputeNode._from_db_object',
             'nova.objects.service:Service._from_db_object'),
         alias=ALIAS),
    Hook(API, 'compute_node_search_by_hypervisor',
         ('self', 'context', 'hypervisor_match'), _compute_node_search,
         relies_on=('nova.db.main.api:compute_node_search_by_hypervisor',),
         alias=ALIAS),
    Hook(API, 'service_get_by_compute_host', ('self', 'context', 'host_name'),
         _service_get_by_compute_host, alias=ALIAS),
    Hook(API, 'instance_get_all_by_host', ('self', 'context', 'host_name'),
         _instance_get_all_by_host, alias=ALIAS),
    Hook(hypervisor_filter.CONTROLLER, '_view_hypervisor',
         ('self', 'hypervisor', 'service', 'detail', 'req'), _view_hypervisor),
)
