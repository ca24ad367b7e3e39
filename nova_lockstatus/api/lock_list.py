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

from collections.abc import Iterable
from typing import Any

import webob.exc
from nova import exception as nova_exception
from nova.compute import api as compute_api
from oslo_utils import strutils
from oslo_utils import timeutils

from nova_lockstatus import exception
from nova_lockstatus.api import lock_resource
from nova_lockstatus.api import lock_view
from nova_lockstatus.api import locks_over
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_lock
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.db import scope_locks
from nova_lockstatus.extensions.route import ApiRequest
from nova_lockstatus.policies import server_locks as rules
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

UNREADABLE = ('The locks over the server cannot be read now. Please try again '
              'later.')


def index(request: ApiRequest) -> dict[str, Any]:
    """Answer GET /os-locks."""
    query = dict(request.query)
    if 'server_id' in query:
        return _answer(request, *_of_one_server(request, query))
    if not _restrict(request, query):
        return {'locks': []}
    max_limit = request.conf.api.max_limit
    limit = min(int(query.get('limit', max_limit)), max_limit)
    page = lock_resource.ask(lambda store: scope_locks.list_page(
        store, scope_locks.ScopeLockQuery(
            query.get('project_id'), query.get('host'), None,
            query.get('level'), query.get('origin'), _expired(query)),
        limit, query.get('marker')))
    if page is None:
        raise webob.exc.HTTPBadRequest(
            explanation='marker [%s] not found' % query['marker'])
    answer = _answer(request, page)
    if limit and len(page) == limit:
        answer['locks_links'] = [{
            'rel': 'next',
            'href': request.next_link('/os-locks', page[-1].id)}]
    return answer


def of_server(request: ApiRequest) -> dict[str, Any]:
    """Answer GET /servers/{server_id}/os-locks."""
    try:
        return _answer(request, *_over(request, request.path['server_id']))
    except nova_exception.InstanceNotFound as error:
        raise webob.exc.HTTPNotFound(
            explanation=error.format_message()) from error


def _answer(request: ApiRequest, records: Iterable[LockRecord],
            server: dict[str, Any] | None = None) -> dict[str, Any]:
    return {'locks': [lock_view.view(request.may, record, server)
                      for record in records]}


def _restrict(request: ApiRequest, query: dict[str, str]) -> bool:
    """Let a caller list no locks but those that the rules let it see.

    :returns: whether there can be any
    """
    if query.get('locked_by') == server_lock.OWNER:
        return False
    context = request.context
    if request.may(rules.ALL_PROJECTS, {'project_id': context.project_id,
                                        'user_id': context.user_id}):
        return True
    own: str = context.project_id
    return 'host' not in query and query.setdefault('project_id', own) == own


def _expired(query: dict[str, str]) -> bool | None:
    if 'expired' not in query:
        return None
    return bool(strutils.bool_from_string(query['expired'], strict=True))


def _over(request: ApiRequest, server_id: str
          ) -> tuple[list[LockRecord], dict[str, Any]]:
    """Read the locks over a server, the strictest first.

    :returns: the locks, and the target of the rules on the server
    """
    state = CURRENT.get()
    assert state is not None
    instance = compute_api.API().get(request.context, server_id)
    target = {'project_id': instance.project_id, 'user_id': instance.user_id}
    request.context.can(rules.SERVER_INDEX, target)
    try:
        own = locks_over.of_server(instance)
        others = locks_over.over(state, instance)
    except (ValueError, exception.LockStatusException) as error:
        LOG.error('The locks of the server %s cannot be read. The call is '
                  'answered with 503: %s', server_id, error)
        raise webob.exc.HTTPServiceUnavailable(
            explanation=UNREADABLE) from error
    now = timeutils.utcnow()
    return lock_record.strictest_first(
        record for record in (*own, *others)
        if lock_record.stands(record, now)), target


def _of_one_server(request: ApiRequest, query: dict[str, str]
                   ) -> tuple[list[LockRecord], dict[str, Any]]:
    """Read the locks over the server that a list is filtered by."""
    try:
        records, target = _over(request, query['server_id'])
    except (nova_exception.InstanceNotFound, nova_exception.Forbidden):
        return [], {}
    sees_host = request.may(rules.SHOW_HOST, target)
    expired, now = _expired(query), timeutils.utcnow()
    found = [record for record in records if (
        query.get('level') in (None, record.level)
        and query.get('origin') in (None, record.origin)
        and query.get('locked_by') in (None, record.locked_by)
        and query.get('project_id') in (None, target['project_id'])
        and ('host' not in query or (
            sees_host and record.scope == lock_record.HOST
            and record.scope_id == query['host']))
        and expired in (None, lock_record.is_expired(record, now)))]
    return found, target
