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

"""Reads the instance actions of locks, and records one of any kind."""

import datetime
import functools
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy
from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.core import server_locks
from nova_lockstatus.extensions import base
from nova_lockstatus.gateway import instances


def read_lock(instance: Any) -> base.Lock:
    """Read the records of the lock of a server, with one statement.

    :param instance: the Instance, with a context that is targeted at its cell
    :returns: since when the server is locked, and who locked it last
    """
    context = instance._context
    with db.get_context_manager(context).reader.using(context) as session:
        return read_locks(session, [instance.uuid]).get(
            instance.uuid, base.Lock())


def read_locks(session: Any, uuids: Collection[str]) -> dict[str, base.Lock]:
    """Read the records of the locks of servers, with one statement.

    :param session: of SQLAlchemy, in the servers' cell
    :returns: the locks, by server; a server without a record has none
    """
    return {uuid: base.Lock(since, user_id)
            for uuid, since, user_id in session.execute(
                _locks_of_servers(), {'uuids': list(uuids)})}


@functools.cache
def _locks_of_servers() -> Any:
    # To build it takes longer than to execute it.
    return _select_locks(sqlalchemy.bindparam('uuids', expanding=True))


def read_oldest_locks(targeted: Any) -> dict[str | None, datetime.datetime]:
    """Read since when those servers are locked that are so the longest.

    It takes one statement, whose result has a row for each holder.

    :param targeted: a RequestContext of the cell
    :returns: the time in UTC, without a time zone, by the holder of the lock;
        a holder whose locks have no record is left out
    """
    row = models.Instance
    is_locked = (row.deleted == 0, row.locked == sqlalchemy.true(),
                 instances.NOT_HIDDEN)
    lock = _select_locks(
        sqlalchemy.select(row.uuid).where(*is_locked)).subquery().c
    since = sqlalchemy.func.min(lock.since)
    with db.get_context_manager(targeted).reader.using(targeted) as session:
        rows: Any = session.execute(
            sqlalchemy.select(row.locked_by, since)
            .join(models.Instance, row.uuid == lock.instance_uuid)
            .where(*is_locked).group_by(row.locked_by)
            .having(since.is_not(None)))
        return dict(rows.all())


def _select_locks(uuids: Any) -> Any:
    """Select who has locked servers last, and since when they are locked.

    Of the history of a server, which has no end, the database passes on one
    row: the locks behind the last unlock, as one.

    :param uuids: of the servers, or a statement that selects them
    """
    # NOTE: Ids do not tell which action came first. A resize or migration to
    # another cell copies the actions into it, the newest first, and keeps
    # created_at, by which Nova's API sorts. That has whole seconds: the id
    # decides between actions of one second, which are back to front in the
    # other cell then, for Nova's API as well.
    row = models.InstanceAction
    newest_first: dict[str, Any] = {
        'partition_by': row.instance_uuid,
        'order_by': (row.created_at.desc(), row.id.desc())}
    actions = (
        sqlalchemy.select(
            row.instance_uuid, row.start_time, row.user_id,
            sqlalchemy.func.row_number().over(**newest_first).label('place'),
            sqlalchemy.func.lead(row.action).over(**newest_first)
            .label('older'),
            sqlalchemy.func.sum(
                sqlalchemy.case((row.action == 'unlock', 1), else_=0),
            ).over(**newest_first).label('unlocks'))
        .where(row.instance_uuid.in_(uuids), row.deleted == 0,
               row.action.in_(('lock', 'unlock')))
        .subquery()).c
    return (
        sqlalchemy.select(
            actions.instance_uuid,
            # Of the first lock, which other hosts' clocks may have later.
            sqlalchemy.func.max(sqlalchemy.case((
                sqlalchemy.or_(actions.older.is_(None),
                               actions.older == 'unlock'),
                actions.start_time))).label('since'),
            sqlalchemy.func.max(
                sqlalchemy.case((actions.place == 1, actions.user_id))))
        .where(actions.unlocks == 0)
        .group_by(actions.instance_uuid))


def next_time(connection: Any, uuid: str) -> datetime.datetime:
    """Return the time of a change of locks, not before that of the last.

    The caller has locked the server's row: that is what orders them, and the
    clocks of two API hosts differ.

    :param connection: of SQLAlchemy; its transaction gets the record
    :returns: the time in UTC, without a time zone
    """
    row = models.InstanceAction
    last: datetime.datetime | None = connection.execute(
        sqlalchemy.select(sqlalchemy.func.max(row.created_at)).where(
            row.instance_uuid == uuid, row.deleted == 0,
            row.action.in_(server_locks.ACTIONS))).scalar()
    now: datetime.datetime = timeutils.utcnow()
    return now if last is None else max(now, last)


def record(connection: Any, action: Mapping[str, Any], event: str,
           host: str, created_at: datetime.datetime | None = None) -> int:
    """Record an instance action with one event that has succeeded.

    :param connection: of SQLAlchemy; its transaction gets the rows
    :param action: the columns of ``InstanceAction.pack_action_start()``, and
        further ones
    :param created_at: the time by which actions are in order, by default now
    :returns: the id of the instance action
    """
    # NOTE: Nova's EventReporter writes the same, but goes on after a deadlock
    # has ended the transaction and hides it, and its functions retry inside.
    now = timeutils.utcnow()
    times = {'created_at': created_at or now, 'updated_at': now, 'deleted': 0}
    action_id: int = connection.execute(
        models.InstanceAction.__table__.insert().values({**action, **times}),
    ).inserted_primary_key[0]
    connection.execute(models.InstanceActionEvent.__table__.insert().values(
        action_id=action_id, event=event, host=host, start_time=now,
        finish_time=now, result='Success', **times))
    return action_id
