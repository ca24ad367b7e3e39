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

import re
import urllib.parse
from collections.abc import Callable, Collection
from typing import Any

import webob.exc

from nova_lockstatus import answer as answers
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.hooks import base
from nova_lockstatus.hooks import policy

ALIAS = server_locked_status.ServerLockedStatus.alias
SERVERS = 'nova.api.openstack.compute.servers:'
CONTROLLER = SERVERS + 'ServersController'

LOCKED_BY = 'locked_by'
"""The searchable field that Nova takes regular expressions for."""


def _visible(answer: answers.Answer, context: Any) -> dict[str, bool]:
    """Tell which of the searchable fields the caller may see."""
    target = {'project_id': context.project_id, 'user_id': context.user_id}
    return {key: policy.may(context, rule, target)
            for key, rule in answer.pipeline.searchable.items()}


def _get_servers(original: Callable[..., Any], answer: answers.Answer,
                 controller: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
    if any(key in answer.query for key in answer.pipeline.searchable):
        visible = _visible(answer, req.environ['nova.context'])
        _restore(req, answer.query, visible)
        _check(req)
    return original(controller, req, *args, **kwargs)


def _restore(req: Any, query: str, visible: dict[str, bool]) -> None:
    asked = urllib.parse.parse_qsl(query, keep_blank_values=True)
    for key, may_see in visible.items():
        if not may_see:
            req.GET.pop(key, None)
        elif key not in req.GET:
            # Nova's query schema of an old microversion took it out. Where
            # Nova puts the next link together, it is there again.
            for name, value in asked:
                if name == key:
                    req.GET.add(name, value)


def _check(req: Any) -> None:
    # NOTE: Nova's query schemas do it, but /v2 has none. A database fails at
    # what is no regular expression.
    for value in req.GET.getall(LOCKED_BY):
        try:
            re.compile(value)
        except (re.error, OverflowError, RecursionError) as error:
            raise webob.exc.HTTPBadRequest(explanation=(
                "Invalid input for query parameters %s. Value: %s. %r is not "
                "a 'regex'" % (LOCKED_BY, value, value))) from error


def _get_server_search_options(original: Callable[..., Any],
                               answer: answers.Answer, controller: Any,
                               req: Any) -> Any:
    # What the caller may not see has been taken out of the query.
    return (*original(controller, req), *answer.pipeline.searchable)


def _remove_invalid_sort_keys(original: Callable[..., Any],
                              answer: answers.Answer, context: Any,
                              sort_keys: list[str], sort_dirs: list[str],
                              blacklist: Collection[str],
                              admin_only_fields: Any) -> Any:
    if not set(sort_keys).isdisjoint(answer.pipeline.searchable):
        visible = _visible(answer, context)
        blacklist = [key for key in blacklist if not visible.get(key)]
        blacklist += [key for key, may_see in visible.items() if not may_see]
    return original(context, sort_keys, sort_dirs, blacklist,
                    admin_only_fields)


def _compare_records(original: Callable[..., Any], answer: answers.Answer,
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
    base.Hook(CONTROLLER, '_get_servers', ('self', 'req', 'is_detail'),
              _get_servers, alias=ALIAS),
    base.Hook(CONTROLLER, '_get_server_search_options', ('self', 'req'),
              _get_server_search_options, alias=ALIAS),
    base.Hook(SERVERS, 'remove_invalid_sort_keys',
              ('context', 'sort_keys', 'sort_dirs', 'blacklist',
               'admin_only_fields'),
              _remove_invalid_sort_keys, alias=ALIAS),
    base.Hook('nova.compute.multi_cell_list:RecordSortContext',
              'compare_records', ('self', 'rec1', 'rec2'), _compare_records,
              alias=ALIAS),
)
