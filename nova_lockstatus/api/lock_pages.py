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

"""Reads the locks of a list of os-locks, as far as they are asked for.

Those of projects and hosts come first, the newest first, and then those of
servers: in the order of the servers' uuids, the strictest of a server first.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import webob.exc
from oslo_utils import strutils
from oslo_utils import timeutils

from nova_lockstatus.api import lock_resource
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks
from nova_lockstatus.core.lock_query import LockQuery
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.db import scope_locks
from nova_lockstatus.extensions.route import ApiRequest
from nova_lockstatus.gateway import lock_pages
from nova_lockstatus.gateway import lock_places
from nova_lockstatus.policies import server_locks as rules

Entry = tuple[LockRecord, dict[str, Any] | None]
"""A lock, and the target of the rules of the server that has it."""

UNREADABLE = ('The locks of servers cannot be read now, as a cell does not '
              'answer. Please try again later.')


def read(request: ApiRequest, query: Mapping[str, str], limit: int
         ) -> Iterator[Entry]:
    """Read locks.

    :param query: the query parameters, which the caller may use
    :param limit: how many locks are wanted
    :raises HTTPBadRequest: when no lock has the id of the marker
    :raises HTTPServiceUnavailable: when the locks cannot be read
    """
    marker = query.get('marker')
    of_scopes = _of_scopes(query, limit)
    if of_scopes is not None:
        for record in of_scopes:
            yield record, None
            limit -= 1
        marker = None
    yield from _of_servers(request, query, limit, marker)


def expired(query: Mapping[str, str]) -> bool | None:
    """Read the query parameter ``expired``; None does not filter."""
    if 'expired' not in query:
        return None
    return bool(strutils.bool_from_string(query['expired'], strict=True))


def after(marker: str, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Return the locks behind the one with the id of a marker.

    :raises HTTPBadRequest: when there is none
    """
    rest = iter(entries)
    if not any(record.id == marker for record, _target in rest):
        raise webob.exc.HTTPBadRequest(
            explanation='marker [%s] not found' % marker)
    return rest


def _of_scopes(query: Mapping[str, str], limit: int
               ) -> list[LockRecord] | None:
    """Read locks of projects and hosts, with two statements at the most.

    :returns: the locks, None where the marker is none of them
    """
    if (query.get('locked_by') == server_lock.OWNER
            or not lock_resource.has_store()):
        return None
    found: list[LockRecord] | None = lock_resource.ask(
        lambda store: scope_locks.list_page(
            store, scope_locks.ScopeLockQuery(
                query.get('project_id'), query.get('host'), None,
                query.get('level'), query.get('origin'), expired(query)),
            limit, query.get('marker')))
    return found


def _of_servers(request: ApiRequest, query: Mapping[str, str], limit: int,
                marker: str | None) -> Iterator[Entry]:
    wanted = LockQuery(
        query.get('project_id'), query.get('host'), query.get('level'),
        query.get('origin'), query.get('locked_by'), expired(query))
    mappings = lock_places.list_cells(request.context, wanted)
    start: str | None = server_locks.server_part(marker or '')
    while start is not None:
        # One more is that of the marker; and by another one it is known that
        # the last page is the last.
        page = lock_pages.read(request.context, mappings, wanted, start,
                               limit + 2)
        if (page.unread and not
                request.conf.api.list_records_by_skipping_down_cells):
            raise webob.exc.HTTPServiceUnavailable(explanation=UNREADABLE)
        entries = _entries(page.servers)
        yield from _allowed(
            request, wanted, after(marker, entries) if marker else entries)
        start, marker = page.next_start, None


def _entries(servers: Iterable[lock_pages.ServerLocks]) -> Iterator[Entry]:
    for server in servers:
        target = {'project_id': server.project_id, 'user_id': server.user_id}
        for record in server.records:
            yield record, target


def _allowed(request: ApiRequest, wanted: LockQuery,
             entries: Iterable[Entry]) -> Iterator[Entry]:
    now = timeutils.utcnow()
    for record, target in entries:
        if wanted.has(record, now) and request.may(
                rules.SERVER_INDEX, target or {}):
            yield record, target
