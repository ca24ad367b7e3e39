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

"""Finds and repairs reasons of locks that a save of Nova's has damaged.

The rules: ``core/reason_repair.py``.
"""

import datetime
from collections.abc import Iterator
from typing import Any

import sqlalchemy
from nova import exception as nova_exception
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import reason_repair
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks
from nova_lockstatus.gateway import instance_lock
from nova_lockstatus.gateway import instances

PAGE_SIZE = 1000
"""How many servers a page has at the most."""

_ROW = models.Instance
_REASON = models.InstanceSystemMetadata
_ACTION = models.InstanceAction
_EVENT = models.InstanceActionEvent

RELIES_ON = ('nova.db.main.models:InstanceActionEvent.finish_time',
             'nova.db.main.models:Instance.updated_at')

IS_LOCKED = sqlalchemy.or_(_ROW.locked == sqlalchemy.true(),
                           _ROW.locked_by.is_not(None))


def read_locked(context: Any) -> Iterator[list[reason_repair.StoredLock]]:
    """Read the locked servers of a cell, two statements a page.

    :param context: a RequestContext that is targeted at the cell
    :returns: pages of :data:`PAGE_SIZE` servers at the most
    """
    return _pages(context, IS_LOCKED)


def read_left_over(context: Any, since: datetime.datetime | None
                   ) -> Iterator[list[reason_repair.StoredLock]]:
    """Read the unlocked servers of a cell that have a reason.

    :param context: a RequestContext that is targeted at the cell
    :param since: before which Nova has not saved them, None for all
    :returns: pages of :data:`PAGE_SIZE` servers at the most
    """
    conditions = [sqlalchemy.not_(IS_LOCKED), sqlalchemy.exists().where(
        _REASON.instance_uuid == _ROW.uuid, _REASON.deleted == 0,
        _REASON.key.in_(lock_reason.KEYS))]
    if since is not None:
        # Each save writes the time, and the column has an index.
        conditions.append(_ROW.updated_at >= since)
    return _pages(context, *conditions)


def repair(context: Any, uuid: str, known: reason_repair.StoredLock | None
           ) -> server_lock.Lock | None:
    """Repair the reason of a server, if it still needs that.

    :param context: a RequestContext that is targeted at its cell
    :param known: as :func:`nova_lockstatus.core.reason_repair.repaired` has it
    :returns: the lock that was written, None where there is nothing to repair
        any more, or no server
    """
    try:
        with instance_lock.locked_row(context, uuid) as row:
            lock = None
            for _, stored in _read(row.connection, _ROW.uuid == uuid):
                lock = reason_repair.repaired(stored, known)
            if lock is not None:
                row.replace(lock)
            return lock
    except nova_exception.InstanceNotFound:
        return None


def _pages(context: Any, *conditions: Any
           ) -> Iterator[list[reason_repair.StoredLock]]:
    last = 0
    while True:
        with db.get_context_manager(context).reader.using(context) as session:
            found = _read(session, _ROW.id > last, *conditions)
        if found:
            yield [stored for _, stored in found]
        if len(found) < PAGE_SIZE:
            return
        last = found[-1][0]


def _read(session: Any, *conditions: Any
          ) -> list[tuple[int, reason_repair.StoredLock]]:
    """Read servers, with two statements.

    :returns: the id in the cell's database and the lock of each
    """
    rows = session.execute(
        sqlalchemy.select(
            _ROW.id, _ROW.uuid, IS_LOCKED.label('is_locked'), _ROW.locked_by,
            _ROW.task_state, last_change().label('change'))
        .where(_ROW.deleted == 0, instances.NOT_HIDDEN, *conditions)
        .order_by(_ROW.id).limit(PAGE_SIZE)).all()
    reasons = instances.read_reasons(session, [row.uuid for row in rows])
    return [(row.id, reason_repair.StoredLock(
        row.uuid, bool(row.is_locked), row.locked_by, row.task_state is None,
        row.change, lock_reason.read(reasons.get(row.uuid, {})),
        row.uuid in reasons)) for row in rows]


def last_change() -> Any:
    """Select the id of the last change of locks, if it is finished."""
    # NOTE: Nova without the plugin records the action, stores the lock, and
    # finishes the event then.
    newest = sqlalchemy.select(sqlalchemy.func.max(_ACTION.id)).where(
        _ACTION.instance_uuid == _ROW.uuid,
        _ACTION.action.in_(server_locks.ACTIONS)).correlate(
            _ROW).scalar_subquery()
    return sqlalchemy.select(sqlalchemy.func.max(_EVENT.action_id)).where(
        _EVENT.action_id == newest, _EVENT.finish_time.is_not(None),
    ).correlate(_ROW).scalar_subquery()
