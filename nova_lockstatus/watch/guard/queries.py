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

"""The statements that find locked servers in a cell's database."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy
from nova.compute import power_state
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.watch.guard import decisions

INSTANCES = models.Instance.__table__
ACTIONS = models.InstanceAction.__table__
EVENTS = models.InstanceActionEvent.__table__

EVENT = 'lockstatus_guard'
"""The event by which the guard's instance actions are known."""

PAGE = 1000
"""How many servers are held in memory at a time."""

TASKS = [action.task_state
         for action in decisions.ENFORCEMENT_ACTIONS.values()]


def _is_owed(action: Any) -> Any:
    """Tell of an instance action whether nova-compute still owes it."""
    def has(*conditions: Any) -> Any:
        return sqlalchemy.exists().where(
            EVENTS.c.action_id == action.c.id, *conditions)

    return sqlalchemy.and_(
        has(EVENTS.c.event == EVENT),
        ~has(EVENTS.c.event != EVENT, EVENTS.c.result == 'Success'))


def newest_action(uuid: Any) -> Any:
    """Make the subquery for the number of a server's newest action.

    :param uuid: the server's uuid, or the column that has it
    :returns: a scalar subquery
    """
    action = ACTIONS.alias()
    return sqlalchemy.select(sqlalchemy.func.max(action.c.id)).where(
        action.c.instance_uuid == uuid,
    ).correlate(INSTANCES).scalar_subquery()


def _of_newest(column: str) -> Any:
    newest = ACTIONS.alias()
    return sqlalchemy.select(newest.c[column]).where(
        newest.c.id == newest_action(INSTANCES.c.uuid)).scalar_subquery()


def _owed() -> Any:
    newest = ACTIONS.alias()
    return sqlalchemy.select(newest.c.action).where(
        newest.c.id == newest_action(INSTANCES.c.uuid),
        _is_owed(newest)).scalar_subquery()


def _failed() -> Any:
    """Count the newest actions that are owed, back to one that is not."""
    done = ACTIONS.alias()
    action = ACTIONS.alias()
    last_done = sqlalchemy.select(sqlalchemy.func.max(done.c.id)).where(
        done.c.instance_uuid == INSTANCES.c.uuid,
        ~_is_owed(done)).correlate(INSTANCES).scalar_subquery()
    return sqlalchemy.select(sqlalchemy.func.count()).where(
        action.c.instance_uuid == INSTANCES.c.uuid,
        action.c.id > sqlalchemy.func.coalesce(last_done, 0),
    ).scalar_subquery()


def locked() -> Any:
    """Make the condition that a server is locked, and there.

    :returns: it
    """
    return sqlalchemy.and_(
        INSTANCES.c.deleted == 0,
        sqlalchemy.or_(INSTANCES.c.locked == sqlalchemy.true(),
                       INSTANCES.c.locked_by.is_not(None)))


def running() -> Any:
    """Make the condition that a server should be down, and Nova has it up.

    :returns: it. It holds as well for a server that the guard acts on now, or
        acted on in vain
    """
    up = sqlalchemy.and_(INSTANCES.c.power_state == power_state.RUNNING,
                         INSTANCES.c.task_state.is_(None))
    return sqlalchemy.or_(
        sqlalchemy.and_(
            up, INSTANCES.c.vm_state.in_(list(decisions.ENFORCEMENT_ACTIONS))),
        sqlalchemy.and_(
            sqlalchemy.or_(
                sqlalchemy.and_(
                    up, INSTANCES.c.vm_state.in_(decisions.BROKEN)),
                INSTANCES.c.task_state.in_(TASKS)),
            _owed().is_not(None)))


def down() -> Any:
    """Make the condition that a server should be down, and Nova has it so.

    :returns: it
    """
    return sqlalchemy.and_(
        INSTANCES.c.vm_state.in_(list(decisions.ENFORCEMENT_ACTIONS)),
        INSTANCES.c.task_state.is_(None), INSTANCES.c.host.is_not(None),
        sqlalchemy.or_(INSTANCES.c.power_state.is_(None),
                       INSTANCES.c.power_state != power_state.RUNNING))


def pages(context: Any, condition: Any, size: int = PAGE
          ) -> Iterator[list[decisions.Row]]:
    """Read the locked servers of a cell that meet a condition.

    :param context: a RequestContext that is targeted at the cell
    :param condition: what they must meet, beside being locked
    :param size: how many to read in one statement
    :returns: lists of them that are not empty
    """
    columns = INSTANCES.c
    statement = sqlalchemy.select(
        columns.id, columns.uuid, columns.host, columns.vm_state,
        columns.task_state, columns.power_state, newest_action(columns.uuid),
        _owed(), _failed(), _of_newest('start_time'),
    ).where(locked(), condition).order_by(columns.id).limit(size)
    last = 0
    while True:
        # A transaction of its own for each page: acting on the servers of one
        # must not keep it open.
        with db.get_context_manager(context).reader.using(context) as session:
            rows = [decisions.Row(
                *row) for row in session.connection().execute(
                statement.where(columns.id > last))]
        if rows:
            yield rows
        if len(rows) < size:
            return
        last = rows[-1].id
