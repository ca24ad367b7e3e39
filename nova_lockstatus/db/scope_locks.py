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

"""The locks of projects and hosts.

A lock that is lifted at its end is none any more from then on, by the clock of
the database, whether its row is still there or not.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import sqlalchemy as sa

from nova_lockstatus.core import lock_record
from nova_lockstatus.core import scope_locks
from nova_lockstatus.core import server_lock
from nova_lockstatus.core.host_status import HostKey
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.core.scope_locks import ScopeLock
from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models

_TABLE = models.SCOPE_LOCKS
_ROW = _TABLE.c

# The name of each column, where it is not that of the record's attribute.
_COLUMNS = {'id': _ROW.id, 'scope': _ROW.scope, 'scope_id': _ROW.scope_id,
            'level': _ROW.lock_level, 'user_id': _ROW.user_id,
            'project_id': _ROW.project_id, 'reason': _ROW.reason,
            'origin': _ROW.origin, 'since': _ROW.since, 'until': _ROW.until,
            'release': _ROW.lifted_at_end, 'create': _ROW.refuses_create}


class ScopeLockQuery(NamedTuple):
    """Which locks to list; None does not filter.

    :param project_id: the project that they are over
    :param host: the name of the host that they are over
    :param scope: ``project`` or ``host``
    :param expired: whether their end has come
    """

    project_id: str | None = None
    host: str | None = None
    scope: str | None = None
    level: str | None = None
    origin: str | None = None
    expired: bool | None = None


def create(store: database.Store, lock: ScopeLock) -> LockRecord:
    """Write a new lock, and remove the rows of those that were lifted.

    :param lock: the lock; its ``since`` becomes the time of the database
    :returns: the record as it was written
    """
    record = lock.record
    with store.connect() as connection:
        now = clock.of_database(connection)
        connection.execute(_TABLE.delete().where(sa.not_(_stands(now))))
        connection.execute(_TABLE.insert().values({
            **{column.name: getattr(record, name)
               for name, column in _COLUMNS.items()},
            'cell': lock.cell, 'since': now}))
        return _one(connection, record.id)


def get(store: database.Store, lock_id: str) -> LockRecord | None:
    """Read a lock by its id.

    :returns: the lock, None where there is none
    """
    with store.connect() as connection:
        return _read_one(connection, lock_id)


def list_page(store: database.Store, query: ScopeLockQuery, limit: int,
              marker: str | None = None) -> list[LockRecord] | None:
    """Read a page of locks, the newest first.

    :param limit: how many the page has at the most
    :param marker: the id of the last lock of the page before
    :returns: the locks, None where no lock has the id of the marker
    """
    with store.connect() as connection:
        now = clock.of_database(connection)
        wanted = [_stands(now), *_conditions(query, now)]
        if marker is not None:
            last = connection.execute(sa.select(_ROW.number).where(
                _ROW.id == marker)).scalar()
            if last is None:
                return None
            wanted.append(_ROW.number < last)
        return [_record(row) for row in connection.execute(
            _select().where(*wanted).order_by(_ROW.number.desc())
            .limit(limit))]


@database.retried
def replace(store: database.Store, lock_id: str,
            change: Callable[[LockRecord, datetime.datetime], LockRecord]
            ) -> LockRecord | None:
    """Change a lock that nobody else changes meanwhile.

    :param change: is called with the lock and the time of the database, and
        returns the lock as it is to be. What it raises leaves the lock as it
        is. Id, scope and holder stay the same
    :returns: the lock after it, None where there is none
    """
    with store.connect() as connection:
        # An UPDATE locks the row on every engine: SQLite knows no FOR UPDATE.
        connection.execute(_TABLE.update().where(
            _ROW.id == lock_id).values(number=_ROW.number))
        before = _read_one(connection, lock_id)
        if before is None:
            return None
        now = connection.execute(
            sa.select(clock.of_database(connection))).scalar_one()
        after = change(before, now)
        connection.execute(_TABLE.update().where(_ROW.id == lock_id).values({
            _COLUMNS[name].name: getattr(after, name)
            for name in ('level', 'reason', 'origin', 'until', 'release',
                         'create')}))
        return _one(connection, lock_id)


@database.retried
def delete(store: database.Store, lock_id: str) -> bool:
    """Delete a lock.

    :returns: whether there was one
    """
    with store.connect() as connection:
        now = clock.of_database(connection)
        return bool(connection.execute(_TABLE.delete().where(
            _ROW.id == lock_id, _stands(now))).rowcount)


def standing_over(store: database.Store, projects: Collection[str],
                  hosts: Collection[HostKey]) -> scope_locks.StandingLocks:
    """Read the locks that stand over projects and hosts, in one statement.

    :param projects: the ids of the projects
    :param hosts: the cell and the name of each host
    """
    over = []
    if projects:
        over.append(sa.and_(_ROW.scope == lock_record.PROJECT,
                            _ROW.scope_id.in_(sorted(projects))))
    if hosts:
        names = sorted({name for _cell, name in hosts})
        over.append(sa.and_(_ROW.scope == lock_record.HOST,
                            _ROW.scope_id.in_(names)))
    if not over:
        return scope_locks.StandingLocks()
    with store.connect() as connection:
        rows = connection.execute(_select(_ROW.cell).where(
            sa.or_(*over), _stands(clock.of_database(connection))))
        return scope_locks.StandingLocks(
            ScopeLock(_record(row), row.cell) for row in rows)


def _stands(now: Any) -> Any:
    return sa.or_(_ROW.lifted_at_end == sa.false(), _ROW.until.is_(None),
                  _ROW.until > now)


def _conditions(query: ScopeLockQuery, now: Any) -> list[Any]:
    conditions = [column == value for column, value in (
        (_ROW.scope, query.scope), (_ROW.lock_level, query.level),
        (_ROW.origin, query.origin)) if value is not None]
    for scope, scope_id in ((lock_record.PROJECT, query.project_id),
                            (lock_record.HOST, query.host)):
        if scope_id is not None:
            conditions += [_ROW.scope == scope, _ROW.scope_id == scope_id]
    if query.expired is not None:
        has_ended = sa.and_(_ROW.until.is_not(None), _ROW.until <= now)
        conditions.append(has_ended if query.expired else sa.not_(has_ended))
    return conditions


def _select(*further: Any) -> Any:
    return sa.select(*(column.label(name)
                       for name, column in _COLUMNS.items()), *further)


def _record(row: Any) -> LockRecord:
    # A lock of a project or a host is always an administrator's.
    return LockRecord(locked_by=server_lock.ADMIN,
                      **{name: getattr(row, name) for name in _COLUMNS})


def _read_one(connection: Any, lock_id: str) -> LockRecord | None:
    row = connection.execute(_select().where(
        _ROW.id == lock_id, _stands(clock.of_database(connection)))).first()
    return None if row is None else _record(row)


def _one(connection: Any, lock_id: str) -> LockRecord:
    return _record(connection.execute(
        _select().where(_ROW.id == lock_id)).one())
