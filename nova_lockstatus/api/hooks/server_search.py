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

"""Lets callers filter and sort servers by the fields that they may see.

Nova does both from microversion 2.73 on for ``locked``, and for ``locked_by``
only for administrators. Older versions drop the words before they look.
"""

from collections.abc import Callable, Collection
from typing import Any

import webob.exc
from nova.api.openstack import common
from nova.db import utils as db_utils
from nova.db.main import models
from nova.policies import servers as server_policies

from nova_lockstatus import exception
from nova_lockstatus.api import policy
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks.search_condition import Condition
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import filter_values
from nova_lockstatus.core import server_lock
from nova_lockstatus.extensions import server_locked_status

ALIAS = server_locked_status.ServerLockedStatus.alias
SERVERS = 'nova.api.openstack.compute.servers:'
CONTROLLER = SERVERS + 'ServersController'

LOCKED = 'locked'

LOCKED_BY = 'locked_by'
"""The searchable field that Nova takes regular expressions for."""


def _get_servers(original: Callable[..., Any], state: RequestState,
                 controller: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
    requested = {value if name == 'sort_key' else name
                 for name, value in state.parameters}
    if not requested.isdisjoint(state.pipeline.searchable):
        keys_of_nova = _keys_of_nova(state, controller, req)
        allowed = _allowed(state, req)
        state.servers.checked_by_nova = frozenset(
            key for key, rule in state.pipeline.searchable.items()
            if key not in allowed and state.policy.is_default(rule))
        for key in sorted(
                keys_of_nova - allowed - state.servers.checked_by_nova):
            raise _refusal(state, key)
        state.servers.searchable = allowed
        _restore(state, req, keys_of_nova)
        state.servers.holders = _read_holders(req)
    return original(controller, req, *args, **kwargs)


def _keys_of_nova(state: RequestState, controller: Any, req: Any
                  ) -> frozenset[str]:
    """Tell by which keys Nova itself filters the list for the caller."""
    # NOTE: its query schemas have taken out what it ignores for everybody.
    # From the rest remove_invalid_options() takes what is not for everybody,
    # since release 20.
    keys = state.pipeline.searchable.keys() & set(req.GET)
    if keys and not req.environ['nova.context'].can(
            server_policies.SERVERS % 'allow_all_filters', fatal=False):
        keys.intersection_update(controller._get_server_search_options(req))
    return frozenset(keys)


def _allowed(state: RequestState, req: Any) -> frozenset[str]:
    """Tell which fields the caller may see of each server of the list."""
    context = req.environ['nova.context']
    # NOTE: as Nova's _get_servers() decides whose servers are listed. Who may
    # list those of all projects is for Nova to say.
    if common.is_all_tenants(dict(req.GET)):
        target = policy.target(None, None)
    elif context.project_id:
        target = policy.target(context.project_id, None)
    else:
        target = policy.target(None, context.user_id)
    return frozenset(key for key, rule in state.pipeline.searchable.items()
                     if policy.may(context, rule, target))


def _refusal(state: RequestState, key: str) -> webob.exc.HTTPForbidden:
    """Make the answer where Nova would use a key that a rule withholds.

    Without the filter or the order the list would be a wrong one.
    """
    # The first half is Nova's text.
    return webob.exc.HTTPForbidden(explanation=(
        "Policy doesn't allow %s to be performed: it decides who may filter "
        "and sort by %s." % (state.pipeline.searchable[key], key)))


def _restore(state: RequestState, req: Any, keys_of_nova: Collection[str]
             ) -> None:
    for key in state.pipeline.searchable:
        if key in req.GET:
            if key not in state.servers.searchable and key not in keys_of_nova:
                del req.GET[key]
        elif key in state.servers.searchable:
            # Nova's query schema of an old microversion took it out. Where
            # Nova puts the next link together, it is there again.
            for name, value in state.parameters:
                if name == key:
                    req.GET.add(name, value)


def _read_holders(req: Any) -> frozenset[str] | None:
    """Read whose locks the list is filtered by.

    What the databases take for a regular expression differs, and some fail at
    one of Python's, as Nova's query schemas check it. So none gets to them.
    """
    holders = None
    # NOTE: /v2 has no schemas. Of several values Nova takes the last one.
    for value in req.GET.getall(LOCKED_BY):
        try:
            holders = filter_values.matching(
                LOCKED_BY, value, server_lock.HOLDERS)
        except (exception.InvalidExpression,
                exception.UnmatchedExpression) as error:
            raise webob.exc.HTTPBadRequest(explanation=str(error)) from error
    return holders


def in_cell(state: RequestState, filters: dict[str, Any]) -> dict[str, Any]:
    """Put into filters whose locks are to be found in a cell.

    :returns: the filters, with a condition in place of an expression
    """
    holders = state.servers.holders
    if holders is None or LOCKED_BY not in filters:
        return filters
    return {**filters, LOCKED_BY: Condition(
        models.Instance.locked_by.in_(sorted(holders)))}


def _get_server_search_options(original: Callable[..., Any],
                               state: RequestState, controller: Any,
                               req: Any) -> Any:
    return (*original(controller, req), *state.servers.searchable)


def _remove_invalid_sort_keys(original: Callable[..., Any],
                              state: RequestState, context: Any,
                              sort_keys: list[str], sort_dirs: list[str],
                              blacklist: Collection[str],
                              admin_only_fields: Any) -> Any:
    for key in sort_keys:
        if (key in state.pipeline.searchable and key not in blacklist
                and key not in state.servers.searchable
                and key not in state.servers.checked_by_nova):
            raise _refusal(state, key)
    blacklist = set(blacklist).difference(state.servers.searchable)
    return original(context, sort_keys, sort_dirs, blacklist,
                    admin_only_fields)


def _get_build_requests(original: Callable[..., Any], state: RequestState,
                        context: Any, filters: dict[str, Any],
                        limit: Any = None, marker: Any = None,
                        sort_keys: Any = None, sort_dirs: Any = None) -> Any:
    # NOTE: a server that is still a build request is not locked. Nova finds
    # it by any value of what it does not have, and cannot sort it by that.
    if filters.get(LOCKED) or LOCKED_BY in filters:
        # None is found so, also where the page begins after one.
        filters = {**filters, 'deleted': True}
    if sort_keys and LOCKED_BY in sort_keys:
        padded = db_utils.process_sort_params(
            sort_keys, sort_dirs, default_keys=[], default_dir='desc')
        others = [pair for pair in zip(*padded, strict=True)
                  if pair[0] != LOCKED_BY]
        sort_keys = [key for key, _direction in others]
        sort_dirs = [direction for _key, direction in others]
    return original(context, filters, limit=limit, marker=marker,
                    sort_keys=sort_keys, sort_dirs=sort_dirs)


def _compare_records(original: Callable[..., Any], state: RequestState,
                     sort_context: Any, rec1: Any, rec2: Any) -> Any:
    try:
        return original(sort_context, rec1, rec2)
    except TypeError:
        # NULL, which the database put before everything else.
        for key, direction in zip(sort_context.sort_keys,
                                  sort_context.sort_dirs, strict=False):
            first, second = rec1[key], rec2[key]
            if first == second:
                continue
            smaller = second is not None and (first is None or first < second)
            return -1 if smaller == (direction != 'desc') else 1
        return 0


# NOTE: the first three are called in this order for the lists of servers,
# since before release 20; after the query schemas and before the database.
# CrossCellLister merges the cells' rows with the last one, since release 17.
HOOKS = (
    Hook(CONTROLLER, '_get_servers', ('self', 'req', 'is_detail'),
         _get_servers, alias=ALIAS,
         relies_on=('nova.api.openstack.common:is_all_tenants',
                    'nova.db.main.models:Instance.locked_by',
                    'nova.policies.servers:SERVERS')),
    Hook(CONTROLLER, '_get_server_search_options', ('self', 'req'),
         _get_server_search_options, alias=ALIAS),
    Hook(SERVERS, 'remove_invalid_sort_keys',
         ('context', 'sort_keys', 'sort_dirs', 'blacklist',
          'admin_only_fields'),
         _remove_invalid_sort_keys, alias=ALIAS),
    Hook('nova.objects.build_request:BuildRequestList', 'get_by_filters',
         ('context', 'filters', 'limit', 'marker', 'sort_keys',
          'sort_dirs'), _get_build_requests, alias=ALIAS,
         relies_on=('nova.db.utils:process_sort_params',)),
    Hook('nova.compute.multi_cell_list:RecordSortContext',
         'compare_records', ('self', 'rec1', 'rec2'), _compare_records,
         alias=ALIAS),
)
