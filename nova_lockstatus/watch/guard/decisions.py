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

"""Decides what the guard does about a server: pure functions."""

import datetime
from typing import NamedTuple

from nova.compute import instance_actions
from nova.compute import task_states
from nova.compute import vm_states
from nova.objects import fields

from nova_lockstatus.utils import backoff


class ServerRow(NamedTuple):
    """A locked server, as a query of the guard reads it from a cell.

    :param id: its id in the table ``instances``
    :param host: the host that it is on, None where it is on none
    :param vm_state: its state, as Nova has it
    :param task_state: the task that is under way, or None
    :param power_state: its power state, as Nova has recorded it
    :param newest_action_id: the id of its newest instance action, or None
    :param unfinished_action: the newest instance action, where the guard
        recorded it and nova-compute has not finished it
    :param failed_attempts: how many of the newest actions are unfinished
    :param attempted_at: when the newest action began, in UTC
    """

    id: int
    uuid: str
    host: str | None
    vm_state: str | None
    task_state: str | None
    power_state: int | None = None
    newest_action_id: int | None = None
    unfinished_action: str | None = None
    failed_attempts: int = 0
    attempted_at: datetime.datetime | None = None


class EnforcementAction(NamedTuple):
    """How the guard brings a server back to its state.

    :param name: the instance action; nova-compute's RPC method has
        ``_instance`` behind it
    :param vm_state: the state that the server should have
    :param task_state: the task that Nova's API sets for the action
    :param notification_action: the last word of the notification's event type
    """

    name: str
    vm_state: str
    task_state: str
    notification_action: str


ENFORCEMENT_ACTIONS = {action.vm_state: action for action in (
    EnforcementAction(
        instance_actions.SUSPEND, vm_states.SUSPENDED, task_states.SUSPENDING,
        fields.NotificationAction.SUSPEND),
    EnforcementAction(
        instance_actions.STOP, vm_states.STOPPED, task_states.POWERING_OFF,
        fields.NotificationAction.POWER_OFF),
    EnforcementAction(instance_actions.PAUSE, vm_states.PAUSED,
                      task_states.PAUSING, fields.NotificationAction.PAUSE),
)}
"""The action on a server that runs, by the state that it should have."""

FAILED_STATES = (vm_states.ERROR, vm_states.ACTIVE)
"""The states in which nova-compute leaves a server that it failed to suspend
or to pause."""


def enforcement_action(row: ServerRow) -> EnforcementAction | None:
    """Choose the action that brings a running server back.

    :returns: the action, None where the server may run
    """
    if row.vm_state in ENFORCEMENT_ACTIONS:
        return ENFORCEMENT_ACTIONS[row.vm_state]
    if row.vm_state not in FAILED_STATES:
        return None
    return next((action for action in ENFORCEMENT_ACTIONS.values()
                 if action.name == row.unfinished_action), None)


def action_under_way(row: ServerRow) -> EnforcementAction | None:
    """Find the guard's action that is under way.

    :returns: the action, None where the task is not the guard's
    """
    return next((action for action in ENFORCEMENT_ACTIONS.values()
                 if row.task_state == action.task_state
                 and row.unfinished_action == action.name), None)


def is_due(row: ServerRow, now: datetime.datetime,
           delays: tuple[float, float]) -> bool:
    """Tell whether a server may be acted on now.

    The row has the attempts of all processes.

    :param delays: the first and the longest pause, in seconds
    """
    if not row.failed_attempts or row.attempted_at is None:
        return True
    waited = (now - row.attempted_at).total_seconds()
    # A clock that was set back must not make the pause longer.
    return waited < 0 or waited >= backoff.delay(row.failed_attempts, *delays)
