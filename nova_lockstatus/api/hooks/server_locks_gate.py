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
the others. Here are the locks that Nova does not know.
"""

from collections.abc import Callable, Sequence
from typing import Any

import webob.exc
from oslo_utils import timeutils

from nova_lockstatus import exception
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import server_locks as server_locks_hooks
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_locks
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.core import state_lock_gate
from nova_lockstatus.core.state_lock_calls import Loss
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.extensions import server_locks as extension
from nova_lockstatus.gateway import root_disk
from nova_lockstatus.policies import server_locks as policies

ALIAS = extension.ServerLocks.alias


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
    """
    return server_locks_hooks.records_of(instance)


def standing_over(state: RequestState, instance: Any
                  ) -> Sequence[lock_record.LockRecord]:
    """Return the locks that stand over a server, the strictest first.

    :param instance: its Instance, with its system metadata
    :raises ValueError: when the locks that are stored are damaged
    """
    return server_locks.standing(
        records_over(state, instance), timeutils.utcnow())


def make_gate(state: RequestState, call: str, request: Any
              ) -> state_lock_gate.ServerLocksGate | None:
    """Make the gate that a call has to pass.

    :param call: the name of the call
    :param request: Nova's Request, which has been routed
    :returns: the gate, None where the call changes no server
    """
    if (not call or ALIAS not in state.pipeline.extensions
            or state_lock_calls.kind(call) is not (
                state_lock_calls.Kind.CHANGES)):
        return None

    def check(instance: Any) -> None:
        _check(state, call, request, instance)

    return state_lock_gate.ServerLocksGate(check)


def _check(state: RequestState, call: str, request: Any, instance: Any
           ) -> None:
    if not ('locked_by' in instance and 'system_metadata' in instance):
        raise state_lock_gate.LockUnreadable
    try:
        records = records_over(state, instance)
        if len(server_locks.standing(records, timeutils.utcnow())) < len(
                records):
            server_locks_hooks.lift_ended(instance)
            records = records_over(state, instance)
        is_refused = _refuses(records, call, request, instance)
    except webob.exc.HTTPNotFound:
        raise
    except Exception as error:
        raise state_lock_gate.LockUnreadable from error
    if is_refused and not state.access.allows(policies.BYPASS, {
            'project_id': instance.project_id, 'user_id': instance.user_id}):
        raise state_lock_gate.RefusedByLock(instance)


def _refuses(records: Sequence[lock_record.LockRecord], call: str,
             request: Any, instance: Any) -> bool:
    protects = any(record.level == lock_record.DELETE for record in records)
    return protects and _destroys(call, request, instance)


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
