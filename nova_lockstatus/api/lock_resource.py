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

"""Makes, changes and lifts the locks of projects and hosts.

A server's own locks are made by its action ``lock``.
"""

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import webob.exc
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus import exception
from nova_lockstatus.api import lock_view
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_lock
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.core.scope_locks import ScopeLock
from nova_lockstatus.db import database
from nova_lockstatus.db import scope_locks
from nova_lockstatus.extensions.route import ApiRequest
from nova_lockstatus.gateway import hosts
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

# Each key of a body, and the attribute of the record.
_FIELDS = {'locked_reason': 'reason', 'locked_until': 'until',
           'release': 'release', 'level': 'level', 'origin': 'origin',
           'create': 'create'}


def create(request: ApiRequest) -> dict[str, Any]:
    """Answer POST /os-locks."""
    body = request.body['lock']
    scope, scope_id, cell = body['scope'], body['scope_id'], None
    if scope == lock_record.HOST:
        host = hosts.find(request.context, scope_id)
        if host is None:
            raise webob.exc.HTTPBadRequest(
                explanation='Compute host %s could not be found.' % scope_id)
        cell, scope_id = host
    context = request.context
    record = changed(LockRecord(
        id=uuidutils.generate_uuid(), scope=scope, scope_id=scope_id,
        level=lock_record.CHANGE, locked_by=server_lock.ADMIN,
        user_id=context.user_id, project_id=context.project_id, reason=None,
        origin=None, since=timeutils.utcnow(), until=None),
        given(request), timeutils.utcnow())
    made = ask(lambda store: scope_locks.create(
        store, ScopeLock(record, cell)))
    LOG.info('The %(scope)s %(scope_id)s has the new lock %(id)s.',
             {'scope': scope, 'scope_id': scope_id, 'id': made.id})
    return {'lock': lock_view.view(request.may, made)}


def update_scope(request: ApiRequest) -> LockRecord:
    """Change the lock of a project or a host that the path names.

    :returns: the lock after it
    :raises HTTPNotFound: when it is not there any more
    """
    values = given(request)
    lock_id = request.path['id']
    after: LockRecord | None = ask(lambda store: scope_locks.replace(
        store, lock_id, lambda before, now: changed(before, values, now)))
    if after is None:
        raise not_found(lock_id)
    LOG.info('The lock %s was changed.', lock_id)
    return after


def delete_scope(request: ApiRequest) -> None:
    """Lift the lock of a project or a host that the path names.

    :raises HTTPNotFound: when it is not there any more
    """
    lock_id = request.path['id']
    if not ask(lambda store: scope_locks.delete(store, lock_id)):
        raise not_found(lock_id)
    LOG.info('The lock %s was lifted.', lock_id)


def not_found(lock_id: str) -> webob.exc.HTTPNotFound:
    """Make the answer about a lock that the caller may not know of."""
    return webob.exc.HTTPNotFound(
        explanation='Lock %s could not be found.' % lock_id)


def given(request: ApiRequest) -> dict[str, Any]:
    """Read what the body gives, by the attribute of the record.

    :raises HTTPBadRequest: when the lock cannot end then
    """
    values = {_FIELDS[key]: value
              for key, value in request.body['lock'].items()
              if key in _FIELDS}
    if values.get('until') is not None:
        try:
            values['until'] = lock_record.parse_until(
                values['until'], timeutils.utcnow(),
                request.conf.lockstatus.max_lock_time)
        except exception.InvalidLockTime as error:
            raise webob.exc.HTTPBadRequest(explanation=str(error)) from error
    return values


def changed(record: LockRecord, given: dict[str, Any],
            now: datetime.datetime) -> LockRecord:
    """Give a lock new values, which it must be able to have together.

    :param now: the time of the database, in UTC, without a time zone
    :raises HTTPBadRequest: when it cannot
    """
    after = dataclasses.replace(record, **given)
    problem = None
    if after.create and after.scope != lock_record.PROJECT:
        problem = 'create is for the lock of a project'
    elif after.release and after.until is None:
        if given.get('release'):
            problem = 'release needs locked_until: the lock has no end'
        after = dataclasses.replace(after, release=False)
    elif 'until' in given and lock_record.is_expired(after, now):
        problem = 'locked_until is in the past'
    if problem:
        raise webob.exc.HTTPBadRequest(
            explanation=str(exception.InvalidLock(problem=problem)))
    return after


def has_store() -> bool:
    """Tell whether there can be locks of projects and hosts."""
    return _store() is not None


def _store() -> database.Store | None:
    state = CURRENT.get()
    assert state is not None
    return state.pipeline.scope_locks.store


def ask(function: Callable[[database.Store], Any]) -> Any:
    """Call a function with the plugin's database.

    :raises HTTPNotImplemented: when none is configured
    :raises HTTPServiceUnavailable: when it cannot be used
    """
    store = _store()
    if store is None:
        raise webob.exc.HTTPNotImplemented(
            explanation='This cloud has no database for the locks of '
                        'projects and hosts.')
    try:
        return function(store)
    except exception.LockStatusException as error:
        LOG.error('The locks of projects and hosts cannot be read or changed. '
                  'The call is answered with 503: %s', error)
        raise webob.exc.HTTPServiceUnavailable(
            explanation='The locks of projects and hosts cannot be used now. '
                        'Please try again later.') from error
