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

"""What the guard makes of a server: pure functions."""

import datetime
from typing import NamedTuple

from nova.compute import instance_actions
from nova.compute import task_states
from nova.compute import vm_states
from nova.objects import fields


class Row(NamedTuple):
    """What a cell's database says of a server that the guard looks at.

    :param id: the number of its row
    :param uuid: its uuid
    :param host: the host that it is on, None where it is on none
    :param vm_state: its state, as Nova has it
    :param task_state: the task that is under way, or None
    :param power_state: its power state, as Nova has recorded it
    :param newest: the number of its newest instance action, or None
    :param owed: the newest instance action, where it is the guard's and
        nova-compute has not done it
    :param failed: how many of the newest actions are such
    :param tried_at: when the newest action began, in UTC
    """

    id: int
    uuid: str
    host: str | None
    vm_state: str | None
    task_state: str | None
    power_state: int | None = None
    newest: int | None = None
    owed: str | None = None
    failed: int = 0
    tried_at: datetime.datetime | None = None


class EnforcementAction(NamedTuple):
    """How a server is brought back.

    :param action: the instance action, and in nova-compute's RPC the method
        without ``_instance``
    :param vm_state: the state that the server should have
    :param task_state: the task that Nova's API sets for it
    :param event: the word for it in the types of notifications
    """

    action: str
    vm_state: str
    task_state: str
    event: str


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
"""What is done about a server that runs, by the state that it should have."""

BROKEN = (vm_states.ERROR, vm_states.ACTIVE)
"""The states that nova-compute can leave a server in that it failed to
suspend or to pause."""


def enforcement_action(row: Row) -> EnforcementAction | None:
    """Say how a server that runs is brought back.

    :param row: what is known of it
    :returns: the action. None where nothing says that it should be down
    """
    if row.vm_state in ENFORCEMENT_ACTIONS:
        return ENFORCEMENT_ACTIONS[row.vm_state]
    if row.vm_state not in BROKEN:
        return None
    return next((action for action in ENFORCEMENT_ACTIONS.values()
                 if action.action == row.owed), None)


def action_under_way(row: Row) -> EnforcementAction | None:
    """Say which action of the guard's is under way.

    :param row: what is known of the server
    :returns: the action. None where the task is somebody else's
    """
    return next((action for action in ENFORCEMENT_ACTIONS.values()
                 if row.task_state == action.task_state
                 and row.owed == action.action), None)


def pause(times: int, first: float, longest: float) -> float:
    """Say how long to wait after something was done some times.

    :param times: how often it was done
    :param first: seconds to wait after the first time
    :param longest: seconds that are never exceeded
    :returns: seconds
    """
    if times <= 0:
        return 0
    return float(min(first * 2 ** min(times - 1, 32), longest))


def due(row: Row, now: datetime.datetime,
        pauses: tuple[float, float]) -> bool:
    """Tell whether a server may be acted on now.

    What other processes have done counts, too: it is in the row.

    :param row: what is known of it
    :param now: the time, in UTC
    :param pauses: the first and the longest pause, in seconds
    :returns: whether the pause since the last action that failed is over
    """
    if not row.failed or row.tried_at is None:
        return True
    waited = (now - row.tried_at).total_seconds()
    # A clock that was set back must not make the pause longer.
    return waited < 0 or waited >= pause(row.failed, *pauses)
