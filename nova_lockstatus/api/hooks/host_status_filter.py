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

"""Lets callers filter servers by the state of their hosts.

Nova has no such filter. The parameter is kept from Nova's query schemas, which
drop it, or refuse it from 2.75 on, and given to Nova's search afterwards. For
a caller whom the policy refuses it is ignored as well below 2.75. So
the link to the next page has it, and Nova knows that the list is filtered. In
each cell it becomes a condition on the column ``host``.
"""

import collections
import contextlib
from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy
import webob.exc
from nova import exception as nova_exception
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus import exception
from nova_lockstatus.api import policy
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks.search_condition import Condition
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import filter_values
from nova_lockstatus.core import host_status
from nova_lockstatus.extensions import server_host_status
from nova_lockstatus.gateway import compute_service
from nova_lockstatus.policies import server_host_status as rules

ALIAS = server_host_status.ServerHostStatus.alias
CONTROLLER = 'nova.api.openstack.compute.servers:ServersController'

KEY = 'host_status'

STRICT_SINCE = '2.75'
"""The microversion from which Nova refuses a parameter that it does not know.
"""


def _list(original: Callable[..., Any], state: RequestState,
          controller: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
    values = [value for name, value in state.parameters if name == KEY]
    if values:
        state.host_status.filter = _make_filter(
            values, req.environ['nova.context'])
        if (state.host_status.filter is None
                and state.access.supports(STRICT_SINCE)):
            # The first half is Nova's text.
            raise webob.exc.HTTPForbidden(explanation=(
                "Policy doesn't allow %s to be performed: it decides who may "
                'filter by %s.' % (rules.HOST_STATUS, KEY)))
    if state.host_status.filter is not None:
        with contextlib.suppress(UnicodeDecodeError):
            # Nova refuses a query that cannot be decoded.
            del req.GET[KEY]
    return original(controller, req, *args, **kwargs)


def _make_filter(values: list[str], context: Any
                 ) -> host_status.HostStatusFilter | None:
    """Decide what is searched for, None where the parameter is not known."""
    scope = _scope(context, rules.HOST_STATUS)
    unknown_scope = _scope(context, rules.UNKNOWN_ONLY)
    text = ','.join(values)
    try:
        wanted = filter_values.parse(KEY, text, host_status.VALUES)
    except exception.InvalidSearch as error:
        if scope is None:
            return None
        raise webob.exc.HTTPBadRequest(explanation=str(error)) from error
    grants = host_status.grants(wanted, scope, unknown_scope)
    if not grants:
        return None
    return host_status.HostStatusFilter(grants, text)


def _scope(context: Any, rule: str) -> host_status.Scope | None:
    """Tell for whose servers a rule lets the caller pass."""
    scopes = ((None, None), (context.project_id, None),
              (context.project_id, context.user_id))
    for project_id, user_id in scopes:
        if policy.may(context, rule, policy.target(project_id, user_id)):
            return project_id, user_id
    return None


def _get_servers(original: Callable[..., Any], state: RequestState,
                 controller: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
    if state.host_status.filter is not None:
        # NOTE: Nova's links to the next page have one value of a parameter
        # that is there twice, so it is there once.
        req.GET.add(KEY, state.host_status.filter.text)
    return original(controller, req, *args, **kwargs)


def _get_server_search_options(original: Callable[..., Any],
                               state: RequestState, controller: Any,
                               req: Any) -> Any:
    options = original(controller, req)
    if state.host_status.filter is not None:
        options = (*options, KEY)
    return options


def _get_build_requests(original: Callable[..., Any], state: RequestState,
                        context: Any, filters: dict[str, Any], *args: Any,
                        **kwargs: Any) -> Any:
    if state.host_status.filter is not None:
        filters = _without_host(state.host_status.filter, filters)
    return original(context, filters, *args, **kwargs)


def _without_host(wanted_hosts: host_status.HostStatusFilter,
                  filters: dict[str, Any]) -> dict[str, Any]:
    """Have those build requests found that may be: they have no host."""
    filters = {key: value for key, value in filters.items() if key != KEY}
    for grant in wanted_hosts.grants:
        if host_status.NONE not in grant.values:
            continue
        only = {'project_id': grant.project_id, 'user_id': grant.user_id}
        only = {key: value for key, value in only.items() if value is not None}
        if all(filters.get(key, value) == value
               for key, value in only.items()):
            return {**filters, **only}
    # NOTE: none is found so, also where the page begins after one.
    return {**filters, 'deleted': True}


def in_cell(state: RequestState, context: Any,
            filters: dict[str, Any]) -> dict[str, Any]:
    """Put into filters what is to be found in a cell.

    :param state: of a request with a filter; it keeps the hosts' statuses
    :param context: a RequestContext that is targeted at the cell
    """
    wanted_hosts = state.host_status.filter
    assert wanted_hosts is not None
    condition = wanted_hosts.conditions.get(context.cell_uuid)
    if condition is None:
        statuses = _read(state, wanted_hosts, context)
        condition = wanted_hosts.conditions[context.cell_uuid] = Condition(
            sqlalchemy.or_(*(_clause(grant, statuses)
                             for grant in wanted_hosts.grants)))
    return {**filters, KEY: condition}


def _read(state: RequestState, wanted_hosts: host_status.HostStatusFilter,
          context: Any) -> dict[str, str]:
    # What Nova shows of a host can come from a service that was deleted.
    statement = sqlalchemy.select(*compute_service.COLUMNS).where(
        models.Service.binary == host_status.BINARY).order_by(
            models.Service.deleted, models.Service.id)
    services = collections.defaultdict(list)
    with db.get_context_manager(context).reader.allow_async.using(
            context) as session:
        for row in session.execute(statement):
            record = compute_service.record(row)
            services[record['host']].append(record)
    statuses = {}
    for host, records in services.items():
        key = (context.cell_uuid, host)
        state.host_status.add_services(key, records)
        try:
            statuses[host] = state.host_status.statuses.status(key)
        except exception.HostStatusUnread as error:
            # It is UP or UNKNOWN, but which of them cannot be told.
            if wanted_hosts.needs_heartbeats:
                # NOTE: Nova goes on without the cell, or fails, as [api]
                # list_records_by_skipping_down_cells says. It makes the error
                # anew of its arguments.
                raise nova_exception.NovaException(str(error)) from error
            statuses[host] = host_status.UNKNOWN
    return statuses


def _clause(grant: host_status.Grant, statuses: dict[str, str]) -> Any:
    row = models.Instance
    found = host_status.hosts_in(statuses, grant.values)
    others = statuses.keys() - found
    if host_status.NONE in grant.values:
        # A host that is not known is among neither.
        clause = sqlalchemy.or_(row.host.is_(None), row.deleted != 0,
                                sqlalchemy.not_(_on_hosts(others, found)))
    else:
        clause = sqlalchemy.and_(row.deleted == 0, _on_hosts(found, others))
    if grant.project_id is not None:
        clause = sqlalchemy.and_(clause, row.project_id == grant.project_id)
    if grant.user_id is not None:
        clause = sqlalchemy.and_(clause, row.user_id == grant.user_id)
    return clause


def _on_hosts(hosts: Collection[str], others: Collection[str]) -> Any:
    """Have servers found on some of the hosts that are known.

    A statement can have only so many parameters, so it names those that are
    fewer, these hosts or the others.
    """
    if len(hosts) <= len(others):
        return models.Instance.host.in_(hosts)
    return models.Instance.host.in_(
        sqlalchemy.select(models.Service.host).where(
            *compute_service.IS_COMPUTE, models.Service.host.not_in(others)))


# NOTE: index() and detail() carry the query schemas as decorators, and call
# the next two after them. API.get_all() lists the build requests first, and
# then the cells, with the filters that it was given; what Nova does not know
# among them it leaves alone. All since before release 20.
HOOKS = (
    Hook(CONTROLLER, 'index', ('self', 'req'), _list, alias=ALIAS),
    Hook(CONTROLLER, 'detail', ('self', 'req'), _list, alias=ALIAS),
    Hook(CONTROLLER, '_get_servers', ('self', 'req', 'is_detail'),
         _get_servers, alias=ALIAS),
    Hook(CONTROLLER, '_get_server_search_options', ('self', 'req'),
         _get_server_search_options, alias=ALIAS),
    Hook('nova.objects.build_request:BuildRequestList', 'get_by_filters',
         ('context', 'filters', 'limit', 'marker'), _get_build_requests,
         alias=ALIAS,
         relies_on=('nova.db.main.api:get_context_manager',
                    'nova.db.main.models:Instance',
                    'nova.db.main.models:Service')),
)
