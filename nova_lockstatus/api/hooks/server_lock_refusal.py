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

"""Says who locked a server, and why, where its lock refuses a call.

Nova raises InstanceIsLocked at one place, and its controllers make of it what
each of them makes: a 409, another 409 that speaks of an invalid state, a 500.
What os-server-state-lock refuses is said in the same words, and so is the
unlock of another's lock, which a rule of Nova's refuses with 403.
"""

from collections.abc import Callable
from typing import Any

import webob.exc
from nova import exception as nova_exception

from nova_lockstatus.api import visible_locks
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.hooks import server_locks_gate
from nova_lockstatus.api.hooks.server_lock import UNLOCK_OVERRIDE
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import state_lock_gate
from nova_lockstatus.extensions import fields
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.extensions import server_state_lock
from nova_lockstatus.policies import server_locked_status as policies
from nova_lockstatus.utils import logs

ALIAS = server_locked_status.ServerLockedStatus.alias
ALIASES = {ALIAS, server_state_lock.ServerStateLock.alias}
LOG = logs.logger(__name__)
CONTROLLER = 'nova.api.openstack.compute.servers:ServersController'


def explain(state: RequestState, error: BaseException
            ) -> webob.exc.HTTPException | None:
    """Put a refusal into words, if the lock refused the call.

    :returns: the response, None where it was not the lock that refused
    """
    if _is_unlock_refused(error):
        return _explain_unlock(state, error)
    instance = state.lock_refusal.instance
    uuid = state.lock_refusal.locked_uuid
    if isinstance(error, state_lock_gate.RefusedByLock):
        instance, uuid = error.server, error.server.uuid
    if uuid is None:
        return None
    text = message = nova_exception.InstanceIsLocked(
        instance_uuid=uuid).format_message()
    if (ALIAS in state.pipeline.extensions
            and instance is not None and instance.uuid == uuid):
        message = _describe(state, instance)
    # NOTE: Nova answers with the explanation, and logs the detail, at INFO. A
    # reason is not for the log, nor is a line end in it.
    return webob.exc.HTTPConflict(detail=text, explanation=message)


def _is_unlock_refused(error: BaseException) -> bool:
    # NOTE: the controller asks this rule where another than the caller has
    # locked the server; since before release 20.
    return (isinstance(error, nova_exception.PolicyNotAuthorized)
            and error.kwargs.get('action') == UNLOCK_OVERRIDE)


def _explain_unlock(state: RequestState, error: Any
                    ) -> webob.exc.HTTPForbidden | None:
    """Add to Nova's words whose lock the caller must not lift, and why."""
    instance = state.lock_refusal.instance
    if ALIAS not in state.pipeline.extensions or instance is None:
        return None
    text = error.format_message()
    message = '%s. %s' % (text.rstrip('.'), _describe(state, instance))
    return webob.exc.HTTPForbidden(detail=text, explanation=message)


def _describe(state: RequestState, instance: Any) -> str:
    """Say that a server is locked, by whom and why."""
    sentence: str = nova_exception.InstanceIsLocked(
        instance_uuid=instance.uuid).format_message()
    if server_locks_gate.ALIAS in state.pipeline.extensions:
        locks = _visible_locks(state, instance)
        if locks:
            return lock_record.describe_all(sentence, locks)
    return sentence + server_lock.describe(_visible(instance, state.access))


def _visible_locks(state: RequestState, instance: Any
                   ) -> list[lock_record.VisibleLock]:
    """Return all locks over a server as far as the caller may see them."""
    if 'system_metadata' not in instance:
        return []
    try:
        records = server_locks_gate.records_over(state, instance)
    except Exception:
        LOG.warning('The locks of the server %s cannot be read. The call is '
                    'refused without naming them.',
                    instance.uuid, exc_info=True)
        return []
    target = {'project_id': instance.project_id, 'user_id': instance.user_id}
    return visible_locks.see(state.access, records, target)


def _visible(instance: Any, access: fields.RequestAccess) -> server_lock.Lock:
    target = {'project_id': instance.project_id, 'user_id': instance.user_id}
    locked_by = reason = None
    if access.allows(policies.LOCKED_BY, target):
        locked_by = instance.locked_by
    if ('system_metadata' in instance
            and access.allows(policies.LOCKED_REASON, target)):
        reason = lock_reason.read(instance.system_metadata)
    return server_lock.Lock(locked_by, reason)


def _get(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    state = CURRENT.get()
    if state is None:
        return original(*args, **kwargs)
    try:
        state.lock_refusal.instance = original(*args, **kwargs)
    except (nova_exception.InstanceNotFound, webob.exc.HTTPNotFound):
        raise
    except Exception as error:
        if state.blocking_gate is None:
            raise
        raise state_lock_gate.LockUnreadable from error
    for gate in state.gates:
        gate.read(state.lock_refusal.instance)
    return state.lock_refusal.instance


def _is_locked(original: Callable[..., Any], error: Any, *args: Any,
               **kwargs: Any) -> None:
    original(error, *args, **kwargs)
    state = CURRENT.get()
    if state is not None and ALIASES.intersection(state.pipeline.extensions):
        state.lock_refusal.locked_uuid = kwargs.get('instance_uuid')


# NOTE: calls to a server read it with API.get(), start, stop and crash dump
# with the controller's own function; both load all system metadata, since
# before release 20. check_instance_lock() decorates the functions of the API
# when they are imported, so it is the exception that tells that it refused.
HOOKS = (
    Hook('nova.compute.api:API', 'get',
         ('self', 'context', 'instance_id'), _get),
    Hook(CONTROLLER, '_get_instance',
         ('self', 'context', 'instance_uuid'), _get),
    Hook('nova.exception:InstanceIsLocked', '__init__',
         ('self', 'message'), _is_locked),
)
