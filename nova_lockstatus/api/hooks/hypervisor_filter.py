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

"""Filters lists of hypervisors by state and status.

The parameters are taken out of the query before Nova's schemas see it: those
of microversion 2.53 and newer refuse them, and those of the forms that it
superseded break on any parameter in some releases. They are read where Nova
asks for the hypervisors, after its policy has decided who may list them, and
are put into the link to the next page.
"""

import collections
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from nova import exception as nova_exception
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus import exception
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import hypervisor_filter
from nova_lockstatus.extensions import hypervisor_status
from nova_lockstatus.gateway import hypervisor_hosts
from nova_lockstatus.gateway import hypervisor_rows
from nova_lockstatus.gateway import requirements

ALIAS = hypervisor_status.HypervisorStatus.alias
CONTROLLER = 'nova.api.openstack.compute.hypervisors:HypervisorsController'
VIEW = 'nova.api.openstack.compute.views.hypervisors:ViewBuilder'
LISTS = ('index', 'detail', 'search', 'servers')


def take_out(state: RequestState, controller: Any, request: Any) -> None:
    """Take the parameters out of the query of a list of hypervisors.

    :param state: of the request, which keeps the query as it was
    """
    if (ALIAS not in state.pipeline.extensions
            or not isinstance(controller, requirements.resolve(CONTROLLER))):
        return
    # NOTE: the name of a method that depends on the microversion is not its
    # own up to release 32.
    routing = request.environ.get('wsgiorg.routing_args', ((), {}))[1]
    if routing.get('action') in LISTS:
        try:
            for key in hypervisor_filter.VALUES.keys() & set(request.GET):
                del request.GET[key]
        except UnicodeDecodeError:
            # Nova says so.
            return


def read_filter(state: RequestState
                ) -> hypervisor_filter.HypervisorFilter | None:
    """Read what the list is filtered by, for who may list hypervisors.

    :param state: of the request, which keeps the filter
    :raises ValidationError: when a value is none that a hypervisor can have
    """
    try:
        found = hypervisor_filter.parse(state.parameters)
    except exception.InvalidSearch as error:
        raise nova_exception.ValidationError(detail=str(error)) from error
    state.hypervisors.filter = found
    return found


class _Listed(NamedTuple):
    """What decides whether a node is on the page, and where it is."""

    cell: Any
    id: int
    uuid: str
    host: str | None


def read_page(state: RequestState, api: Any, context: Any,
              limit: int | None, marker: str | None) -> Any:
    """Read the nodes of a page that match the filter of the list.

    It takes the same statements whatever part of the nodes matches: one for
    what decides of all nodes, one for what is shown of those on the page.

    :param state: of the request, which keeps the hosts
    :param limit: how many nodes; None for all
    :param marker: the id or uuid after which they begin; None for all
    :returns: the nodes, in Nova's order
    :raises MarkerNotFound: when no cell has the marker
    """
    cells = hypervisor_hosts.cells()
    found = hypervisor_hosts.query_cells(context, cells, _read_all)
    listed = [_Listed(cell, *row) for cell in cells
              for row in found.get(cell.uuid, ())]
    if marker:
        listed = listed[_position(listed, marker) + 1:]
    hosts = hypervisor_hosts.Hosts(context, listed)
    matching = _matching(state, api, hosts)
    page = [node for node, _ in zip(matching, range(limit), strict=False)
            ] if limit is not None else list(matching)
    hosts.nodes = _read_nodes(context, page)
    state.hypervisors.hosts = hosts
    return hosts.nodes


def _read_all(context: Any) -> list[Any]:
    """Read of all nodes of a cell what decides whether they are listed."""
    row = models.ComputeNode
    with db.get_context_manager(context).reader.using(context) as session:
        return list(session.query(row.id, row.uuid, row.host).filter(
            row.deleted == 0).order_by(row.id))


def _position(listed: list[_Listed], marker: str) -> int:
    # NOTE: an integer id may be in several cells. Nova takes the first one
    # too; the links to the next page have the uuid.
    for position, node in enumerate(listed):
        if marker.lower() in (node.uuid.lower(), str(node.id)):
            return position
    raise nova_exception.MarkerNotFound(marker=marker)


def _matching(state: RequestState, api: Any, hosts: Any) -> Iterator[_Listed]:
    decided: dict[str | None, bool] = {}
    for node in hosts.nodes:
        host = node.host
        if host not in decided:
            try:
                decided[host] = _matches(state, api, hosts.service(host))
            except (nova_exception.ComputeHostNotFound,
                    nova_exception.HostMappingNotFound):
                # Nor does Nova list it.
                decided[host] = False
        if decided[host]:
            yield node


def _matches(state: RequestState, api: Any, service: Any) -> bool:
    wanted = state.hypervisors.filter
    return wanted is None or wanted.matches(
        api.servicegroup_api.service_is_up(service), service.disabled)


def _read_by_id(context: Any, ids: dict[str, list[int]]
                ) -> dict[int, hypervisor_rows.Node]:
    """Read nodes of a cell.

    :param ids: their ids, by the uuid of the cell
    """
    table = models.ComputeNode.__table__
    wanted = ids[context.cell_uuid]
    with db.get_context_manager(context).reader.using(context) as session:
        query = session.query(*table.columns).filter(table.c.deleted == 0)
        if len(wanted) <= hypervisor_hosts.MAX_NAMED_HOSTS:
            query = query.filter(table.c.id.in_(wanted))
        return {row.id: hypervisor_rows.Node(context, dict(row._mapping))
                for row in query}


def _read_nodes(context: Any, page: list[_Listed]
                ) -> list[hypervisor_rows.Node]:
    ids = collections.defaultdict(list)
    cells = {}
    for node in page:
        ids[node.cell.uuid].append(node.id)
        cells[node.cell.uuid] = node.cell
    found = hypervisor_hosts.query_cells(
        context, cells.values(), _read_by_id, ids)
    return [found[node.cell.uuid][node.id] for node in page
            if node.id in found.get(node.cell.uuid, ())]


def _get_compute_nodes_by_name_pattern(original: Callable[..., Any],
                                       state: RequestState,
                                       controller: Any, context: Any,
                                       hostname_match: str) -> Any:
    nodes = original(controller, context, hostname_match)
    if read_filter(state) is None:
        return nodes
    hosts = state.hypervisors.hosts
    matching = set(_matching(state, controller.host_api, hosts))
    # Of a host that is in no cell Nova says so, or leaves it out.
    return [node for node in nodes
            if node in matching or not hosts.is_mapped(node.host)]


def _get_next_link(original: Callable[..., Any], state: RequestState,
                   view: Any, request: Any, identifier: Any,
                   collection_name: str) -> Any:
    wanted = state.hypervisors.filter
    if wanted is None:
        return original(view, request, identifier, collection_name)
    # Nova would keep one of several values. An integer id may be in several
    # cells, and Nova takes a uuid at every microversion.
    link = original(view, request, state.hypervisors.last_node.uuid,
                    collection_name)
    return '%s&%s' % (link, urllib.parse.urlencode(wanted.parameters))


# NOTE: the controller asks its policy, then for the nodes, and makes the links
# last: since release 17.
HOOKS = (
    Hook(CONTROLLER, '_get_compute_nodes_by_name_pattern',
         ('self', 'context', 'hostname_match'),
         _get_compute_nodes_by_name_pattern, alias=ALIAS),
    Hook(VIEW, '_get_next_link',
         ('self', 'request', 'identifier', 'collection_name'),
         _get_next_link, alias=ALIAS),
)
