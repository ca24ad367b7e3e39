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

"""Stops the calls that one of a server's locks refuses.

A lock of the level ``change`` that a server has of its own is Nova's lock:
Nova's own check refuses the calls that it refuses, and os-server-state-lock
the others. Here are the locks that Nova does not know: those of the level
``delete``, and those of its project and its host.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import webob.exc
from oslo_utils import timeutils

from nova_lockstatus import exception
from nova_lockstatus.api import locks_over
from nova_lockstatus.api import visible_locks
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import lock_bypass
from nova_lockstatus.api.hooks import server_lock
from nova_lockstatus.api.hooks import server_locks as server_locks_hooks
from nova_lockstatus.api.hooks import server_locks_others
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_locks
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.core import state_lock_gate
from nova_lockstatus.core.state_lock_calls import Loss
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.extensions import server_locks as extension
from nova_lockstatus.extensions import server_state_lock
from nova_lockstatus.gateway import root_disk
from nova_lockstatus.policies import server_locks as policies
from nova_lockstatus.policies import server_state_lock as state_lock_policies

ALIAS = extension.ServerLocks.alias

PROJECT_UNREADABLE = ('It cannot be told whether the project is locked, so no '
                      'server is made. Please try again later.')


def prepare(extensions: Sequence[base.Extension]) -> None:
    """Check that a pipeline has what os-server-locks relies on.

    :param extensions: the extensions of a pipeline that is being made
    :raises BrokenExtension: when os-server-locked-status is missing
    """
    aliases = [found.alias for found in extensions]
    needed = server_locked_status.ServerLockedStatus.alias
    if ALIAS in aliases and needed not in aliases:
        raise exception.BrokenExtension(
            alias=ALIAS, problem='it needs %s in the same pipeline, whose '
                                 'hooks keep the locks that are stored'
            % needed)


def records_over(state: RequestState, instance: Any
                 ) -> Sequence[lock_record.LockRecord]:
    """Return all locks over a server, the strictest first.

    :param instance: its Instance, with its system metadata
    :returns: also those that have ended and are not lifted yet
    :raises ValueError: when the locks that are stored are damaged
    :raises LockStatusException: when those of its project and its host cannot
        be read
    """
    return lock_record.strictest_first(
        [*server_locks_hooks.records_of(instance),
         *locks_over.over(state, instance)])


def standing_over(state: RequestState, instance: Any
                  ) -> Sequence[lock_record.LockRecord]:
    """Return the locks that stand over a server, the strictest first.

    :param instance: its Instance, with its system metadata
    :raises ValueError: when the locks that are stored are damaged
    """
    return server_locks.standing(
        records_over(state, instance), timeutils.utcnow())


def make_gate(state: RequestState, call: str, request: Any
              ) -> state_lock_gate.Gate | None:
    """Make the gate that a call has to pass.

    :param call: the name of the call
    :param request: Nova's Request, which has been routed
    :returns: the gate, None where the call neither changes a server nor makes
        one
    """
    if not call or ALIAS not in state.pipeline.extensions:
        return None
    if call in state_lock_calls.CREATES:
        return state_lock_gate.NewServersGate(
            functools.partial(_check_project, state))
    if state_lock_calls.kind(call) is not state_lock_calls.Kind.CHANGES:
        return None
    return state_lock_gate.ServerLocksGate(
        _ChangingCall(state, call, request).check, functools.partial(
            server_locks_others.read_on_host, state, call, request))


def _check_project(state: RequestState) -> None:
    """Check that the caller's project takes new servers.

    :raises Refused: when it does not
    """
    context = state.context
    target = {'project_id': context.project_id, 'user_id': context.user_id}
    try:
        records = locks_over.over_new_server(state)
    except Exception as error:
        raise server_lock.Refused(webob.exc.HTTPServiceUnavailable(
            explanation=PROJECT_UNREADABLE)) from error
    if not records:
        return
    if may_bypass(state, target, records[0].level):
        lock_bypass.use_for_project(state)
    else:
        text = 'Project %s is locked' % context.project_id
        visible = [dataclasses.replace(lock, scope=None) for lock in
                   visible_locks.see(state.access, records, target)]
        raise server_lock.Refused(webob.exc.HTTPConflict(
            detail=text, explanation=lock_record.describe_all(text, visible)))


def may_bypass(state: RequestState, target: dict[str, Any], level: str
               ) -> bool:
    """Tell whether the caller passes a lock that Nova does not know.

    :param target: of the policy rules
    :param level: the level of the lock
    """
    rules = [policies.BYPASS]
    if (level == lock_record.CHANGE and server_state_lock.ServerStateLock.alias
            in state.pipeline.extensions):
        rules.append(state_lock_policies.BYPASS)
    return all(state.access.allows(rule, target) for rule in rules)


class _ChangingCall:
    """A call that changes a server, and what the locks say of it."""

    def __init__(self, state: RequestState, call: str, request: Any) -> None:
        self._state = state
        self._call = call
        self._request = request

    def check(self, instance: Any, rule: str) -> None:
        """Check that no lock over a server refuses the call.

        :param rule: the policy rule that has let the caller pass
        :raises RefusedByLock: when one does
        :raises LockUnreadable: when the locks cannot be read
        """
        if not ('locked_by' in instance and 'system_metadata' in instance):
            raise state_lock_gate.LockUnreadable
        try:
            self._lift_ended(instance)
            level = self._refusing_level(instance, rule)
        except webob.exc.HTTPNotFound:
            raise
        except Exception as error:
            raise state_lock_gate.LockUnreadable from error
        if level is None:
            return
        if not may_bypass(self._state, {
                'project_id': instance.project_id,
                'user_id': instance.user_id}, level):
            raise state_lock_gate.RefusedByLock(instance)
        lock_bypass.use(self._state, instance)

    def _lift_ended(self, instance: Any) -> None:
        own = server_locks_hooks.records_of(instance)
        if len(server_locks.standing(own, timeutils.utcnow())) < len(own):
            server_locks_hooks.lift_ended(instance)

    def _refusing_level(self, instance: Any, rule: str) -> str | None:
        """Return the level of the lock that refuses the call.

        :returns: the strictest one, None where no lock refuses it
        """
        own = server_locks_hooks.records_of(instance)
        is_exempt = self._is_exempt(rule)
        if is_exempt and self._call not in state_lock_calls.DESTROYS:
            return None
        others = locks_over.over(self._state, instance)
        if not is_exempt and any(record.level == lock_record.CHANGE
                                 for record in others):
            return lock_record.CHANGE
        protects = any(record.level == lock_record.DELETE
                       for record in (*own, *others))
        if protects and _destroys(self._call, self._request, instance):
            return lock_record.DELETE
        return None

    def _is_exempt(self, rule: str) -> bool:
        exempt: Any = self._state.pipeline.extensions[ALIAS]
        return (self._call in exempt.exempt or
                state_lock_gate.only_swaps(rule, self._state.body))


def _destroys(call: str, request: Any, instance: Any) -> bool:
    """Tell whether a call destroys something of a server."""
    loss = state_lock_calls.DESTROYS.get(call)
    if loss is Loss.LOCAL_DISK:
        return root_disk.is_local(instance)
    if loss is Loss.ROOT_VOLUME:
        # NOTE: the volume stands in the path as "id": since before release 20.
        _unnamed, matched = request.environ['wsgiorg.routing_args']
        return root_disk.is_volume(instance, matched['id'])
    return loss is Loss.SERVER


def _can(original: Callable[..., Any], state: RequestState, context: Any,
         action: str, target: Any = None, fatal: bool = True) -> Any:
    result = original(context, action, target, fatal)
    if fatal and state.server_locks is not None:
        state.server_locks.passed(action)
    return result


# NOTE: as in state_lock.py. This one is wrapped first, and so decides first.
HOOKS = (
    Hook('nova.context:RequestContext', 'can',
         ('self', 'action', 'target', 'fatal'), _can, alias=ALIAS,
         relies_on=root_disk.RELIES_ON),
)
