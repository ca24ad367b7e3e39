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

"""Claims a server by its task state, as Nova's API does before a call."""

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
"""The message of the instance action: why it was taken."""

# NOTE: as Nova's own functions that write an instance.
_retry = oslo_db_api.wrap_db_retry(max_retries=5, retry_on_deadlock=True)


class _Changed(Exception):
    """The server has changed since it was read."""


def acquire(context: Any, row: decisions.ServerRow,
            action: decisions.EnforcementAction, host: str) -> int | None:
    """Claim a server that was found running.

    :param context: a RequestContext that is targeted at the cell, with a
        request id of its own
    :param host: the name of the host that the watch runs on
    :returns: the id of the instance action. None where the server is not
        locked any more, or its state, host, task or newest instance action
        has changed since it was read: then nothing is stored
    """
    try:
        action_id: int = _retry(_claim)(context, row, action, host)
    except _Changed:
        return None
    return action_id


def _claim(context: Any, row: decisions.ServerRow,
           action: decisions.EnforcementAction, host: str) -> int:
    with db.get_context_manager(context).writer.using(context) as session:
        connection = session.connection()
        columns = queries.INSTANCES.c
        now = timeutils.utcnow()
        found = connection.execute(queries.INSTANCES.update().where(
            columns.uuid == row.uuid, queries.locked(),
            columns.vm_state == row.vm_state, columns.task_state.is_(None),
            columns.host == row.host, columns.power_state == row.power_state,
        ).values(task_state=action.task_state, vm_state=action.vm_state,
                 updated_at=now))
        # The row is this transaction's now. Another process that acted since
        # the server was read has left an action, even if all is as before.
        if not found.rowcount or _newest_action_id(
                connection, row.uuid) != row.newest_action_id:
            raise _Changed
        record = instance_action.InstanceAction.pack_action_start(
            context, row.uuid, action.name)
        return instance_actions.record(
            connection, {**record, 'start_time': timeutils.utcnow(),
                         'message': MESSAGE}, queries.EVENT, host)


def _newest_action_id(connection: Any, uuid: str) -> int | None:
    newest: int | None = connection.execute(
        sqlalchemy.select(queries.newest_action_id(uuid))).scalar()
    return newest


def release(context: Any, uuid: str, action: decisions.EnforcementAction,
            action_id: int | None) -> bool:
    """Release a claim that nova-compute does not work on.

    :returns: False where nova-compute or another process has ended the action
        already
    """
    try:
        _retry(_release)(context, uuid, action, action_id)
    except _Changed:
        return False
    return True


def _release(context: Any, uuid: str, action: decisions.EnforcementAction,
             action_id: int | None) -> None:
    with db.get_context_manager(context).writer.using(context) as session:
        connection = session.connection()
        columns = queries.INSTANCES.c
        now = timeutils.utcnow()
        found = connection.execute(queries.INSTANCES.update().where(
            columns.uuid == uuid, columns.deleted == 0,
            columns.task_state == action.task_state,
        ).values(task_state=None, updated_at=now))
        if (not found.rowcount
                or _newest_action_id(connection, uuid) != action_id):
            raise _Changed
        # NOTE: what Nova stores of an action that failed.
        connection.execute(queries.ACTIONS.update().where(
            queries.ACTIONS.c.id == action_id,
        ).values(message='Error', updated_at=now, finish_time=now))
        connection.execute(queries.EVENTS.update().where(
            queries.EVENTS.c.action_id == action_id,
            queries.EVENTS.c.event == queries.EVENT,
        ).values(result='Error', updated_at=now, finish_time=now))
