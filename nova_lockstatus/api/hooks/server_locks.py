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

"""Gives each caller a lock of its own, and lifts those that have ended."""

from collections.abc import Callable, Mapping
from typing import Any

import webob.exc
from nova import policy as nova_policy
from nova.compute import instance_actions
from oslo_utils import timeutils

from nova_lockstatus import exception
from nova_lockstatus.api import locks_over
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import server_lock as lock_hooks
from nova_lockstatus.api.hooks import server_lock_body
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.extensions import server_locks as extension
from nova_lockstatus.gateway import instance_lock
from nova_lockstatus.gateway import lock_pages
from nova_lockstatus.gateway import lock_places
from nova_lockstatus.gateway import server_locks as gateway

ALIAS = extension.ServerLocks.alias
API = lock_hooks.API


def records_of(instance: Any) -> list[LockRecord]:
    """Return the locks of a server, the strictest first.

    :param instance: its Instance, with its system metadata
    :returns: also those that have ended and are not lifted yet
    :raises ValueError: when the locks that are stored are damaged
    """
    return locks_over.of_server(instance)


def _caller(instance: Any, context: Any) -> server_locks.Caller:
    return server_locks.Caller(
        server_lock.holder(instance.project_id, context.project_id),
        context.user_id, context.project_id)


def _lock(original: Callable[..., Any], state: RequestState, api: Any,
          context: Any, instance: Any, reason: str | None = None) -> None:
    before = instance.obj_clone()
    given = dict(state.lock_given)
    reason = server_lock_body.requested_reason(state.body)
    if reason is not None:
        given['reason'] = reason
    with lock_hooks.refuse_if_busy(instance):
        change = _write_lock(instance, _caller(instance, context), given)
    if change is not None:
        lock_hooks.notify(before, instance, *change)


@lock_hooks.retry_on_deadlock  # type: ignore[untyped-decorator,unused-ignore]
def _write_lock(instance: Any, caller: server_locks.Caller,
                given: Mapping[str, Any]) -> gateway.LockChange | None:
    with lock_hooks.locked_rows(instance) as rows:
        found = gateway.read(rows)
        try:
            after = server_locks.lock(
                found.standing, caller, given, found.now,
                LockRecord(
                    id=server_locks.new_id(instance.uuid),
                    scope=lock_record.SERVER, scope_id=instance.uuid,
                    level=lock_record.CHANGE, locked_by=caller.holder,
                    user_id=caller.user_id, project_id=caller.project_id,
                    reason=None, origin=None, since=found.now, until=None))
        except exception.LockStatusException as error:
            raise lock_hooks.Refused(webob.exc.HTTPBadRequest(
                explanation=str(error))) from error
        if after is None:
            return None
        return gateway.write(
            rows, after, server_locks.action_of_lock(
                found.current, server_locks.own(after, caller), after),
            nova_policy.CONF.host)


def _unlock(original: Callable[..., Any], state: RequestState, api: Any,
            context: Any, instance: Any) -> None:
    before = instance.obj_clone()
    with lock_hooks.refuse_if_busy(instance):
        change = _write_unlock(instance, context)
    lock_hooks.notify(before, instance, *change)


@lock_hooks.retry_on_deadlock  # type: ignore[untyped-decorator,unused-ignore]
def _write_unlock(instance: Any, context: Any) -> gateway.LockChange:
    caller = _caller(instance, context)
    with lock_hooks.locked_rows(instance) as rows:
        found = gateway.read(rows)
        lifted = server_locks.to_lift(found.standing, caller)
        if server_locks.needs_override(lifted, caller):
            # Nova's controller has asked it of what it read before.
            instance_lock.refresh(
                instance, found.current, lock_rows.rows(found.records))
            nova_policy.authorize(
                context, lock_hooks.UNLOCK_OVERRIDE,
                {'project_id': instance.project_id})
        after = [record for record in found.standing if record is not lifted]
        action = instance_actions.UNLOCK
        if lifted is not None:
            action = server_locks.action_of_unlock(
                found.current, server_locks.in_force(after))
        return gateway.write(rows, after, action, nova_policy.CONF.host)


def _is_expected_locked_by(original: Callable[..., Any], state: RequestState,
                           api: Any, context: Any, instance: Any) -> bool:
    """Tell whether the caller needs no right to lift another's lock."""
    try:
        records = records_of(instance)
    except ValueError:
        return bool(original(api, context, instance))
    caller = _caller(instance, context)
    return not server_locks.needs_override(server_locks.to_lift(
        server_locks.standing(records, timeutils.utcnow()), caller), caller)


def lift_ended(instance: Any) -> None:
    """Lift the locks of a server that are to be lifted by now.

    :param instance: its Instance, which is brought up to date
    :raises Refused: when that cannot be done now
    """
    before = instance.obj_clone()
    # Nobody has asked for it: the action has no user.
    context = instance._context.elevated()
    context.user_id = context.project_id = None
    with (lock_hooks.refuse_if_busy(instance),
          instance.obj_alternate_context(context)):
        change = _write_lift(instance)
        if change is not None:
            lock_hooks.notify(before, instance, *change)


@lock_hooks.retry_on_deadlock  # type: ignore[untyped-decorator,unused-ignore]
def _write_lift(instance: Any) -> gateway.LockChange | None:
    with lock_hooks.locked_rows(instance) as rows:
        return gateway.lift_ended(rows, nova_policy.CONF.host)


def _get(original: Callable[..., Any], state: RequestState, *args: Any,
         **kwargs: Any) -> Any:
    instance = original(*args, **kwargs)
    if state.shows_alone:
        _show_lifted(instance)
    return instance


def _show_lifted(instance: Any) -> None:
    """Let an Instance that is only shown say nothing of ended locks."""
    if not ('locked_by' in instance and 'system_metadata' in instance):
        return
    try:
        records = records_of(instance)
    except ValueError:
        return
    standing = server_locks.standing(records, timeutils.utcnow())
    if len(standing) < len(records):
        instance_lock.refresh(instance, server_locks.in_force(standing),
                              lock_rows.rows(standing))


# NOTE: as in server_lock.py, whose functions are not called here. The
# controller of unlock asks is_expected_locked_by() whether the caller needs
# the rule unlock_override, since before release 20.
HOOKS = (
    Hook(API, 'lock', ('self', 'context', 'instance', 'reason'), _lock,
         alias=ALIAS,
         relies_on=(*lock_pages.RELIES_ON, *lock_places.RELIES_ON)),
    Hook(API, 'unlock', ('self', 'context', 'instance'), _unlock,
         alias=ALIAS),
    Hook(API, 'is_expected_locked_by', ('self', 'context', 'instance'),
         _is_expected_locked_by, alias=ALIAS),
    Hook(API, 'get', ('self', 'context', 'instance_id'), _get, alias=ALIAS),
)
