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

"""Claims a server for an action, as Nova's API does before it calls."""

from typing import Any

import sqlalchemy
from nova.db.main import api as db
from nova.objects import instance_action
from oslo_db import api as oslo_db_api
from oslo_utils import timeutils

from nova_lockstatus.gateway import instance_actions
from nova_lockstatus.watch.guard import decisions
from nova_lockstatus.watch.guard import queries

MESSAGE = 'locked'
"""Why, as the instance action says it."""

# NOTE: as Nova's own functions that write an instance.
_retry = oslo_db_api.wrap_db_retry(max_retries=5, retry_on_deadlock=True)


class _Changed(Exception):
    """Somebody else was there since the server was found."""


def acquire(context: Any, row: decisions.Row,
            measure: decisions.EnforcementAction, host: str) -> int | None:
    """Claim a server that was found running.

    :param context: a RequestContext that is targeted at the cell, with a
        request id of its own
    :param row: what was found
    :param measure: what is going to be done
    :param host: the name of the host that the watch runs on
    :returns: the number of the instance action. None where the server is not
        locked any more, or has another state, host, task or an instance action
        that it had not when it was found: then nothing is stored
    """
    try:
        action: int = _retry(_claim)(context, row, measure, host)
    except _Changed:
        return None
    return action


def _claim(context: Any, row: decisions.Row,
           measure: decisions.EnforcementAction, host: str) -> int:
    with db.get_context_manager(context).writer.using(context) as session:
        connection = session.connection()
        columns = queries.INSTANCES.c
        now = timeutils.utcnow()
        found = connection.execute(queries.INSTANCES.update().where(
            columns.uuid == row.uuid, queries.locked(),
            columns.vm_state == row.vm_state, columns.task_state.is_(None),
            columns.host == row.host, columns.power_state == row.power_state,
        ).values(task_state=measure.task_state, vm_state=measure.vm_state,
                 updated_at=now))
        # The row is this transaction's now. Another process that acted since
        # the server was found has left an action, even if all is as before.
        if not found.rowcount or _newest(connection, row.uuid) != row.newest:
            raise _Changed
        action = instance_action.InstanceAction.pack_action_start(
            context, row.uuid, measure.action)
        return instance_actions.record(
            connection, {**action, 'start_time': timeutils.utcnow(),
                         'message': MESSAGE}, queries.EVENT, host)


def _newest(connection: Any, uuid: str) -> int | None:
    newest: int | None = connection.execute(
        sqlalchemy.select(queries.newest_action(uuid))).scalar()
    return newest


def release(context: Any, uuid: str, measure: decisions.EnforcementAction,
            action: int | None) -> bool:
    """Take back a claim that nova-compute does nothing about.

    :param context: a RequestContext that is targeted at the cell
    :param uuid: the server's
    :param measure: what was going to be done
    :param action: the number of the instance action
    :returns: whether it is taken back. Otherwise nova-compute, or somebody
        else, has ended it
    """
    try:
        _retry(_release)(context, uuid, measure, action)
    except _Changed:
        return False
    return True


def _release(context: Any, uuid: str, measure: decisions.EnforcementAction,
             action: int | None) -> None:
    with db.get_context_manager(context).writer.using(context) as session:
        connection = session.connection()
        columns = queries.INSTANCES.c
        now = timeutils.utcnow()
        found = connection.execute(queries.INSTANCES.update().where(
            columns.uuid == uuid, columns.deleted == 0,
            columns.task_state == measure.task_state,
        ).values(task_state=None, updated_at=now))
        if not found.rowcount or _newest(connection, uuid) != action:
            raise _Changed
        # NOTE: what Nova stores of an action that failed.
        connection.execute(queries.ACTIONS.update().where(
            queries.ACTIONS.c.id == action,
        ).values(message='Error', updated_at=now, finish_time=now))
        connection.execute(queries.EVENTS.update().where(
            queries.EVENTS.c.action_id == action,
            queries.EVENTS.c.event == queries.EVENT,
        ).values(result='Error', updated_at=now, finish_time=now))
