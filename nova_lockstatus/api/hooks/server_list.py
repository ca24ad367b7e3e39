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

"""Asks for the little that a list of servers needs and Nova did not load.

Nova reads all system metadata of all servers of a list from microversion 2.73
on, a score of rows for each, to show one of them, and the whole service of
each server's host from 2.16 on. This asks for the rows of system metadata that
extensions show, of the servers that can have them, and for the columns that
name the state of a host, once for each host. ``gateway/server_list_rows.py``
reads them.
"""

import functools
from collections.abc import Callable
from typing import Any

from nova import context as nova_context

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import host_status_filter
from nova_lockstatus.api.hooks import server_list_joins
from nova_lockstatus.api.hooks import server_search
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import host_status
from nova_lockstatus.extensions import fields
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import server_list_rows
from nova_lockstatus.policies.lockstatus import EXTRA_KEYS
from nova_lockstatus.utils.log_once import LogOnce

LEFT_OUT = 'Fields of the servers of cell %s are left out of lists'

_LOG_ONCE = LogOnce()


def read(state: RequestState) -> None:
    """Read what the fields of a list's servers need and Nova did not load.

    :param state: of the request, which keeps the rows; where a cell cannot be
        read it keeps the error, and the fields are left out
    """
    mappings, queries = _queries(state)
    if not queries:
        return
    results = server_list_rows.read(state.context, mappings, queries)
    for cell_uuid, query in queries.items():
        result = results[cell_uuid]
        if not cells.check_read(_LOG_ONCE, LEFT_OUT, mappings[cell_uuid],
                                result):
            state.servers.add_unread(query.uuids, result)
            state.host_status.statuses.add_unread(
                ((cell_uuid, host) for host in query.hosts), result)
            continue
        state.servers.add_system_metadata(result.system_metadata)
        state.servers.locks.update(result.locks)
        for host in query.hosts:
            state.host_status.statuses.add(
                (cell_uuid, host),
                host_status.compute_service(result.services[host]))


def _queries(state: RequestState
             ) -> tuple[dict[str, Any], dict[str, server_list_rows.ListQuery]]:
    mappings: dict[str, Any] = {}
    queries: dict[str, server_list_rows.ListQuery] = {}
    reads = state.pipeline.reads_system_metadata
    statuses = state.host_status.statuses
    sees_extra_keys = _Rights(state.access, EXTRA_KEYS)
    sees_host_status = _Rights(state.access,
                               *state.pipeline.host_status_rules)
    sees_lock = _Rights(state.access, *state.pipeline.lock_rules(
        state.access.list_parameters))
    for _body, instance in state.servers:
        cell = state.servers.cells.get(instance.uuid)
        if cell is None or not sees_extra_keys(instance):
            continue
        needs_row = (not state.servers.has_system_metadata(instance)
                     and reads(instance))
        needs_host = (instance.host and not instance.deleted
                      and (cell.uuid, instance.host) not in statuses
                      and 'services' not in instance
                      and sees_host_status(instance))
        needs_lock = instance.locked_by and sees_lock(instance)
        if needs_row or needs_host or needs_lock:
            query = queries.get(cell.uuid)
            if query is None:
                mappings[cell.uuid] = cell
                query = queries[cell.uuid] = server_list_rows.ListQuery(
                    [], set(), [], state.pipeline.system_metadata_keys)
            if needs_row:
                query.uuids.append(instance.uuid)
            if needs_host:
                query.hosts.add(instance.host)
            if needs_lock:
                query.locked.append(instance.uuid)
    return mappings, queries


class _Rights:
    """Tells which servers one of some rules lets the caller see."""

    def __init__(self, access: fields.RequestAccess,
                 *rules: str) -> None:
        self._access = access
        self._rules = rules
        self._decide = functools.cache(self._ask)

    def __call__(self, instance: Any) -> bool:
        return self._decide(instance.project_id, instance.user_id)

    def _ask(self, project_id: str, user_id: str) -> bool:
        target = {'project_id': project_id, 'user_id': user_id}
        return any(self._access.allows(rule, target) for rule in self._rules)


def _get_by_filters(original: Callable[..., Any], lister: Any, context: Any,
                    filters: dict[str, Any], *args: Any,
                    **kwargs: Any) -> Any:
    state = CURRENT.get()
    if state is None:
        return original(lister, context, filters, *args, **kwargs)
    filters = server_search.in_cell(state, filters)
    if state.host_status.filter is not None:
        filters = host_status_filter.in_cell(state, context, filters)
    records = original(lister, context, filters, *args,
                       **server_list_joins.without_joins(state, kwargs))
    if state.is_list:
        server_list_joins.fill(state, context, records)
        for cell in lister.cells or nova_context.CELLS:
            if cell.uuid == context.cell_uuid:
                state.servers.cells.update(dict.fromkeys(
                    (record['uuid'] for record in records), cell))
    return records


# NOTE: InstanceLister lists servers over all cells and calls get_by_filters()
# in each, with a context that is targeted at the cell, since release 17. What
# it returns are the servers' columns. It is the last place where it is known
# which cell a server of the list is in. The threads for the cells only make
# generators, which the request's own thread reads from.
HOOKS = (
    Hook('nova.compute.instance_list:InstanceLister', 'get_by_filters',
         ('self', 'ctx', 'filters', 'limit', 'marker'), _get_by_filters,
         relies_on=('nova.context:scatter_gather_cells',
                    'nova.context:is_cell_failure_sentinel',
                    'nova.context:CELL_TIMEOUT',
                    'nova.context:CELLS',
                    'nova.db.main.api:get_context_manager',
                    'nova.db.main.models:InstanceSystemMetadata',
                    'nova.db.main.models:Service')),
)
