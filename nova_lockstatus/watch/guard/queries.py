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

"""Queries that find the locked servers of a cell that the guard checks."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy
from nova.compute import power_state
from nova.compute import task_states
from nova.compute import vm_states
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.watch.guard import decisions

INSTANCES = models.Instance.__table__
ACTIONS = models.InstanceAction.__table__
EVENTS = models.InstanceActionEvent.__table__

EVENT = 'lockstatus_guard'
"""The event that each instance action of the guard has."""

PAGE_SIZE = 1000
"""How many servers a page has at the most."""

TASK_STATES = [action.task_state
               for action in decisions.ENFORCEMENT_ACTIONS.values()]


def _is_unfinished(action: Any) -> Any:
    """Make the condition that an action of the guard is not finished."""
    def has(*conditions: Any) -> Any:
        return sqlalchemy.exists().where(
            EVENTS.c.action_id == action.c.id, *conditions)

    return sqlalchemy.and_(
        has(EVENTS.c.event == EVENT),
        ~has(EVENTS.c.event != EVENT, EVENTS.c.result == 'Success'))


def newest_action_id(uuid: Any) -> Any:
    """Make the subquery for the id of a server's newest instance action.

    :param uuid: the server's uuid, or the column that has it
    """
    action = ACTIONS.alias()
    return sqlalchemy.select(sqlalchemy.func.max(action.c.id)).where(
        action.c.instance_uuid == uuid,
    ).correlate(INSTANCES).scalar_subquery()


def _attempted_at() -> Any:
    newest = ACTIONS.alias()
    return sqlalchemy.select(newest.c.start_time).where(
        newest.c.id == newest_action_id(INSTANCES.c.uuid)).scalar_subquery()


def _unfinished_action() -> Any:
    newest = ACTIONS.alias()
    return sqlalchemy.select(newest.c.action).where(
        newest.c.id == newest_action_id(INSTANCES.c.uuid),
        _is_unfinished(newest)).scalar_subquery()


def _failed_attempts() -> Any:
    """Count the unfinished actions since the last one that is not."""
    other = ACTIONS.alias()
    action = ACTIONS.alias()
    last_other = sqlalchemy.select(sqlalchemy.func.max(other.c.id)).where(
        other.c.instance_uuid == INSTANCES.c.uuid,
        ~_is_unfinished(other)).correlate(INSTANCES).scalar_subquery()
    return sqlalchemy.select(sqlalchemy.func.count()).where(
        action.c.instance_uuid == INSTANCES.c.uuid,
        action.c.id > sqlalchemy.func.coalesce(last_other, 0),
    ).scalar_subquery()


def locked() -> Any:
    """Make the condition that a server is locked and not deleted."""
    return sqlalchemy.and_(
        INSTANCES.c.deleted == 0,
        sqlalchemy.or_(INSTANCES.c.locked == sqlalchemy.true(),
                       INSTANCES.c.locked_by.is_not(None)))


def _nova_stops() -> Any:
    """Make the condition that nova-compute stops a server by itself.

    NOTE: its sync does so with each server that is recorded as stopped, and
    is found up. Meanwhile it records no power state: the one that it has found
    at first, between the steps of a start, may be PAUSED.
    """
    return sqlalchemy.and_(
        INSTANCES.c.vm_state == vm_states.STOPPED,
        INSTANCES.c.task_state == task_states.POWERING_OFF,
        INSTANCES.c.power_state.in_(
            (power_state.RUNNING, power_state.PAUSED)))


def running() -> Any:
    """Make the condition that a server should be down and is recorded as up.

    It is met as well by a server that an action of the guard is under way for,
    or that such an action has failed for, and by one that nova-compute stops
    by itself.
    """
    up = sqlalchemy.and_(INSTANCES.c.power_state == power_state.RUNNING,
                         INSTANCES.c.task_state.is_(None))
    return sqlalchemy.or_(
        sqlalchemy.and_(
            up, INSTANCES.c.vm_state.in_(list(decisions.ENFORCEMENT_ACTIONS))),
        _nova_stops(),
        sqlalchemy.and_(
            sqlalchemy.or_(
                sqlalchemy.and_(
                    up, INSTANCES.c.vm_state.in_(decisions.FAILED_STATES)),
                INSTANCES.c.task_state.in_(TASK_STATES)),
            _unfinished_action().is_not(None)))


def down() -> Any:
    """Make the condition that a server should be down and is recorded so."""
    return sqlalchemy.and_(
        INSTANCES.c.vm_state.in_(list(decisions.ENFORCEMENT_ACTIONS)),
        INSTANCES.c.task_state.is_(None), INSTANCES.c.host.is_not(None),
        sqlalchemy.or_(INSTANCES.c.power_state.is_(None),
                       INSTANCES.c.power_state != power_state.RUNNING))


def pages(context: Any, condition: Any, size: int = PAGE_SIZE
          ) -> Iterator[list[decisions.ServerRow]]:
    """Read the locked servers of a cell that meet a condition.

    :param context: a RequestContext that is targeted at the cell
    :returns: the servers in lists, none of which is empty
    """
    columns = INSTANCES.c
    statement = sqlalchemy.select(
        columns.id, columns.uuid, columns.host, columns.vm_state,
        columns.task_state, columns.power_state,
        newest_action_id(columns.uuid), _unfinished_action(),
        _failed_attempts(), _attempted_at(),
    ).where(locked(), condition).order_by(columns.id).limit(size)
    last = 0
    while True:
        # A transaction of its own for each page: acting on the servers of one
        # must not keep it open.
        with db.get_context_manager(context).reader.using(context) as session:
            rows = [decisions.ServerRow(*row)
                    for row in session.connection().execute(
                        statement.where(columns.id > last))]
        if rows:
            yield rows
        if len(rows) < size:
            return
        last = rows[-1].id
