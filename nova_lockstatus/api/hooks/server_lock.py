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

"""Locks and unlocks servers, with a reason at every microversion."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import webob.exc
from nova import exception as nova_exception
from nova import policy as nova_policy
from nova.compute import instance_actions
from nova.policies import lock_server as policies
from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exception

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import server_lock_body
from nova_lockstatus.api.hooks import server_move as move_hooks
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import state_lock_gate
from nova_lockstatus.events.notifications import (
    server_lock as lock_notifications,
)
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.gateway import instance_lock
from nova_lockstatus.gateway import server_move
from nova_lockstatus.utils import logs

ALIAS = server_locked_status.ServerLockedStatus.alias
API = 'nova.compute.api:API'

UNLOCK_OVERRIDE = policies.POLICY_ROOT % 'unlock:unlock_override'
"""Nova's rule on lifting another's lock."""

RETRY_AFTER_SECONDS = 5
"""Seconds after which a client may try again what was refused with 503."""

MOVING = ('Instance %s is being moved to another cell. Its lock cannot be '
          'changed at this moment. Please try again later.')

OTHER_CELL = ('The server is in two cells, and one of them does not answer. '
              'Its lock is not changed. Please try again later.')
LOG = logs.logger(__name__)

BUSY = ('The server is being changed by something else. Its lock is not '
        'changed. Please try again later.')


def _is_deadlock(error: BaseException) -> bool:
    """Tell whether a transaction was the victim of a deadlock."""
    return (isinstance(error, db_exception.DBDeadlock)
            and not instance_lock.is_lock_timeout(error))


# NOTE: as Nova's own functions that write an instance, but not after the
# database has waited for another transaction as long as it ever does, which
# is 50 s by default.
retry_on_deadlock = oslo_db_api.wrap_db_retry(
    max_retries=5, exception_checker=_is_deadlock)


class Refused(state_lock_gate.CallBlocked):
    """A lock or an unlock that cannot be done now."""

    # NOTE: Nova's controllers of the two make a 500 of any Exception but 404.

    def __init__(self, response: webob.exc.HTTPException) -> None:
        super().__init__(response.explanation)
        self.response = response


def _lock(original: Callable[..., Any], state: RequestState, api: Any,
          context: Any, instance: Any, reason: str | None = None) -> None:
    before = instance.obj_clone()
    holder = server_lock.holder(instance.project_id, context.project_id)
    reason = server_lock_body.requested_reason(state.body)
    with refuse_if_busy(instance):
        lock = _write_lock(instance, holder, reason)
    if lock is not None:
        notify(before, instance, lock, instance_actions.LOCK)


@retry_on_deadlock  # type: ignore[untyped-decorator,unused-ignore]
def _write_lock(instance: Any, holder: str, reason: str | None
                ) -> server_lock.Lock | None:
    with locked_rows(instance) as rows:
        lock = server_lock.lock(rows.read(), holder, reason)
        if lock is not None:
            rows.write(lock, instance_actions.LOCK, nova_policy.CONF.host)
        return lock


def _unlock(original: Callable[..., Any], state: RequestState, api: Any,
            context: Any, instance: Any) -> None:
    before = instance.obj_clone()
    with refuse_if_busy(instance):
        lock = _write_unlock(instance, context)
    notify(before, instance, lock, instance_actions.UNLOCK)


@retry_on_deadlock  # type: ignore[untyped-decorator,unused-ignore]
def _write_unlock(instance: Any, context: Any) -> server_lock.Lock:
    holder = server_lock.holder(instance.project_id, context.project_id)
    with locked_rows(instance) as rows:
        # Nova's controller has asked its rule for the lock that it read.
        current = rows.read()
        if server_lock.needs_override(
                current, holder, authorized=instance.locked_by):
            instance_lock.refresh(instance, current)
            nova_policy.authorize(
                context, UNLOCK_OVERRIDE,
                {'project_id': instance.project_id})
        rows.write(server_lock.UNLOCKED, instance_actions.UNLOCK,
                   nova_policy.CONF.host)
    return server_lock.UNLOCKED


@contextlib.contextmanager
def locked_rows(instance: Any) -> Iterator[server_move.LockedRows]:
    """Lock all rows of a server until the end of the block.

    :raises Refused: when that cannot be done now
    :raises HTTPNotFound: when the server is not there any more
    """
    try:
        with server_move.locked_rows(
                instance, move_hooks.may_cross_cells()) as rows:
            yield rows
    except nova_exception.InstanceNotFound as error:
        raise webob.exc.HTTPNotFound(
            explanation=error.format_message()) from error
    except server_move.ServerMoving as error:
        raise Refused(webob.exc.HTTPConflict(
            explanation=MOVING % instance.uuid)) from error
    except server_move.OtherCellUnreachable as error:
        LOG.warning('The server %s has a row in another cell, which cannot be '
                    'written: the call is refused with 503 and changes '
                    'nothing.', instance.uuid, exc_info=True)
        raise Refused(_unavailable(OTHER_CELL)) from error


@contextlib.contextmanager
def refuse_if_busy(instance: Any) -> Iterator[None]:
    """Refuse the call where other transactions keep the rows of a server.

    :raises Refused: when they do
    """
    try:
        yield
    except Exception as error:
        if not instance_lock.is_busy(error):
            raise
        # The transaction is rolled back: nothing of it comes later.
        LOG.warning('The row of the server %s is in use by other '
                    'transactions. The call that changes its lock is refused '
                    'with 503 and changes nothing: %s', instance.uuid, error)
        raise Refused(_unavailable(BUSY)) from error


def _unavailable(explanation: str) -> webob.exc.HTTPServiceUnavailable:
    return webob.exc.HTTPServiceUnavailable(
        explanation=explanation,
        headers={'Retry-After': str(RETRY_AFTER_SECONDS)})


def refusal(error: BaseException) -> webob.exc.HTTPException | None:
    """Return the response to a lock or an unlock that cannot be done.

    :returns: the response, None where the request failed with something else
    """
    return error.response if isinstance(error, Refused) else None


def notify(before: Any, instance: Any, lock: server_lock.Lock, action: str,
           locks: Mapping[str, str] | None = None) -> None:
    """Send what Nova sends of a changed lock, and the plugin's own.

    :param before: the Instance as it was
    :param lock: the lock that Nova has now
    :param action: the instance action that was recorded
    :param locks: the rows that have all locks of the server, by key; None
        leaves those that the Instance has
    """
    instance_lock.refresh(instance, lock, locks)
    lock_notifications.send_changed(
        instance._context.elevated(), before, instance, action,
        nova_policy.CONF.host)


# NOTE: the controllers of lock and unlock call these two after they have asked
# the policy, the same since release 20. Nova's own functions are not called:
# they decide on what was read before.
HOOKS = (
    Hook(API, 'lock', ('self', 'context', 'instance', 'reason'), _lock,
         alias=ALIAS,
         relies_on=(*server_move.RELIES_ON,
                    *lock_notifications.RELIES_ON)),
    Hook(API, 'unlock', ('self', 'context', 'instance'), _unlock,
         alias=ALIAS),
)
