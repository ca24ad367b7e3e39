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


"""Keeps the lock of a server that a resize takes to another cell.

Nova hands a copy of the server to nova-conductor, which writes it to another
cell or saves it whole. These hooks put the lock that is in force into it.
"""

from collections.abc import Callable
from typing import Any

from nova import policy as nova_policy
from nova.policies import servers as policies

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.gateway import instance_lock
from nova_lockstatus.gateway import server_move
from nova_lockstatus.utils import logs

ALIAS = server_locked_status.ServerLockedStatus.alias
TASKS = 'nova.conductor.api:ComputeTaskAPI'
LOG = logs.logger(__name__)


def may_cross_cells() -> bool:
    """Tell whether the policy lets anybody resize a server over cells."""
    # NOTE: the rule is '!' by default, since release 21.
    rule = (nova_policy._ENFORCER.rules or {}).get(policies.CROSS_CELL_RESIZE)
    return str(rule) != '!'


def _resize(original: Callable[..., Any], state: RequestState, api: Any,
            context: Any, instance: Any, *args: Any, **kwargs: Any) -> Any:
    if may_cross_cells():
        _refresh(instance)
    return original(api, context, instance, *args, **kwargs)


def _confirm(original: Callable[..., Any], state: RequestState, api: Any,
             context: Any, instance: Any, *args: Any, **kwargs: Any) -> Any:
    _refresh(instance)
    return original(api, context, instance, *args, **kwargs)


def _refresh(instance: Any) -> None:
    """Put the lock that is in force into an Instance.

    What Nova has saved before refuses each lock that comes after it.
    """
    try:
        instance_lock.reload(instance)
    except Exception:
        # Nova has begun: it goes on with what it has read itself.
        LOG.exception('The lock of the server %s cannot be read again before '
                      'a resize. If it has changed during the call, the new '
                      'cell gets the lock from before.', instance.uuid)


def _revert(original: Callable[..., Any], state: RequestState, api: Any,
            context: Any, instance: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        with server_move.locked_rows(
                instance, may_cross_cells(), unsettled=True) as rows:
            rows.repeat()
    except Exception:
        # Nova reports a revert that fails, and this one does without a cell.
        LOG.exception('The lock of the server %s cannot be copied back to the '
                      'cell of before a resize, which is reverted. If it has '
                      'changed since, set it again.', instance.uuid)
    return original(api, context, instance, *args, **kwargs)


# NOTE: nova-api calls these when it has saved the task state or the status of
# the migration, the same since release 21.
HOOKS = (
    Hook(TASKS, 'resize_instance', ('self', 'context', 'instance'), _resize,
         alias=ALIAS,
         relies_on=(*server_move.RELIES_ON,
                    'nova.policies.servers:CROSS_CELL_RESIZE')),
    Hook(TASKS, 'confirm_snapshot_based_resize',
         ('self', 'ctxt', 'instance'), _confirm, alias=ALIAS),
    Hook(TASKS, 'revert_snapshot_based_resize',
         ('self', 'ctxt', 'instance'), _revert, alias=ALIAS),
)
