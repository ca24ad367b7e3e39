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

"""Answers the lists of os-locks."""

import itertools
from collections.abc import Iterable
from typing import Any

import webob.exc
from nova import exception as nova_exception
from nova.compute import api as compute_api
from oslo_utils import timeutils

from nova_lockstatus import exception
from nova_lockstatus.api import lock_lookup
from nova_lockstatus.api import lock_pages
from nova_lockstatus.api import lock_view
from nova_lockstatus.api import locks_over
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.core import lock_record
from nova_lockstatus.core.lock_query import LockQuery
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.extensions.route import ApiRequest
from nova_lockstatus.policies import server_locks as rules


def index(request: ApiRequest) -> dict[str, Any]:
    """Answer GET /os-locks."""
    query = dict(request.query)
    max_limit = request.conf.api.max_limit
    limit = min(int(query.get('limit', max_limit)), max_limit)
    if 'server_id' in query:
        locks = iter(_of_one_server(request, query))
    elif _restrict(request, query):
        locks = lock_pages.read(request, query, limit)
    else:
        locks = iter(())
    page = list(itertools.islice(locks, limit))
    answer: dict[str, Any] = {'locks': [
        lock_view.view(request.may, record, server)
        for record, server in page]}
    if limit and len(page) == limit:
        answer['locks_links'] = [{
            'rel': 'next',
            'href': request.next_link('/os-locks', page[-1][0].id)}]
    return answer


def of_server(request: ApiRequest) -> dict[str, Any]:
    """Answer GET /servers/{server_id}/os-locks."""
    try:
        records, instance = _over(request, request.path['server_id'])
    except nova_exception.InstanceNotFound as error:
        raise webob.exc.HTTPNotFound(
            explanation=error.format_message()) from error
    return {'locks': [
        lock_view.view(request.may, record, _target(instance))
        for record in records]}


def _restrict(request: ApiRequest, query: dict[str, str]) -> bool:
    """Let a caller list no locks but those that the rules let it see.

    :returns: whether there can be any
    """
    context = request.context
    if request.may(rules.ALL_PROJECTS, {'project_id': context.project_id,
                                        'user_id': context.user_id}):
        return True
    own: str = context.project_id
    return 'host' not in query and query.setdefault('project_id', own) == own


def _over(request: ApiRequest, server_id: str
          ) -> tuple[list[LockRecord], Any]:
    """Read the locks over a server, the strictest first.

    :returns: the locks, and the Instance
    """
    state = CURRENT.get()
    assert state is not None
    instance = compute_api.API().get(request.context, server_id)
    request.context.can(rules.SERVER_INDEX, _target(instance))
    try:
        own = locks_over.shown_of_server(instance)
        others = locks_over.over(state, instance)
    except (ValueError, exception.LockStatusException) as error:
        raise lock_lookup.unreadable(server_id, error) from error
    now = timeutils.utcnow()
    return lock_record.strictest_first(
        record for record in (*own, *others)
        if lock_record.stands(record, now)), instance


def _target(instance: Any) -> dict[str, Any]:
    return {'project_id': instance.project_id, 'user_id': instance.user_id}


def _of_one_server(request: ApiRequest, query: dict[str, str]
                   ) -> Iterable[lock_pages.Entry]:
    """Read the locks over the server that a list is filtered by."""
    try:
        records, instance = _over(request, query['server_id'])
    except (nova_exception.InstanceNotFound, nova_exception.Forbidden):
        return []
    target, now = _target(instance), timeutils.utcnow()
    wanted = LockQuery(
        level=query.get('level'), origin=query.get('origin'),
        locked_by=query.get('locked_by'), expired=lock_pages.expired(query))
    entries: Iterable[lock_pages.Entry] = (
        (record, target) for record in records)
    if 'marker' in query:
        entries = lock_pages.after(query['marker'], entries)
    return ((record, server) for record, server in entries if (
        wanted.has(record, now)
        and query.get('project_id') in (None, target['project_id'])
        and _is_by_host(request, query, record, instance)))


def _is_by_host(request: ApiRequest, query: dict[str, str],
                record: LockRecord, instance: Any) -> bool:
    """Tell whether a lock over a server is one of the host in the query."""
    if 'host' not in query:
        return True
    return (request.may(rules.SHOW_HOST, _target(instance))
            and query['host'] == instance.host
            and record.scope != lock_record.PROJECT)
