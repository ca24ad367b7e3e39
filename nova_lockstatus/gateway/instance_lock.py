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

"""Reads and writes the lock of a server in one transaction.

Nova reads a server, decides, and writes it in a transaction of its own, so
calls at the same time act on what they read before. Here one transaction locks
the server's row; who has it reads the lock, decides, writes and records the
instance action. The rules of the decision: ``core/server_lock.py``.
"""

import contextlib
import datetime
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy
from nova import exception as nova_exception
from nova.db.main import api as db
from nova.db.main import models
from nova.objects import instance_action
from oslo_db import exception as db_exception
from oslo_utils import timeutils

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_lock
from nova_lockstatus.gateway import instance_actions
from nova_lockstatus.gateway import system_metadata

RELIES_ON = ('nova.db.main.models:InstanceActionEvent',
             'nova.objects.instance_action:InstanceAction.pack_action_start')

INSTANCES = models.Instance.__table__

_LOCK_WAIT_TIMEOUT = 1205
_LOCK_NOT_AVAILABLE = '55P03'

_NOW = {
    'mysql': 'SELECT UTC_TIMESTAMP(6)',
    'mariadb': 'SELECT UTC_TIMESTAMP(6)',
    'postgresql': "SELECT TIMEZONE('UTC', CLOCK_TIMESTAMP())",
    'sqlite': "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'now')",
}

CHARSETS = sqlalchemy.text(
    'SELECT character_set_name, @@character_set_connection '
    'FROM information_schema.columns WHERE table_schema = DATABASE() '
    "AND table_name = 'instance_system_metadata' AND column_name = 'value'")


class LockedRow:
    """The row of a server that no other transaction can change."""

    def __init__(self, connection: Any, context: Any, uuid: str) -> None:
        self.connection = connection
        self.context = context
        self.uuid = uuid

    def read(self) -> server_lock.Lock:
        """Read the lock that is in force."""
        locked_by = self.connection.execute(
            sqlalchemy.select(INSTANCES.c.locked_by).where(
                INSTANCES.c.uuid == self.uuid,
                INSTANCES.c.deleted == 0)).scalar()
        return server_lock.Lock(locked_by, lock_reason.read(self.reason()))

    def reason(self) -> dict[str, str]:
        """Read the rows of system metadata that have the reason, by key."""
        return system_metadata.read(
            self.connection, self.uuid, system_metadata.REASON)

    def locks(self) -> dict[str, str]:
        """Read the rows of system metadata that have the locks, by key."""
        return system_metadata.read(
            self.connection, self.uuid, system_metadata.LOCKS)

    def now(self) -> datetime.datetime:
        """Return the time of the database, in UTC, without a time zone."""
        return now(self.connection)

    def write(self, lock: server_lock.Lock, action: str, host: str,
              locks: Mapping[str, str] | None = None) -> None:
        """Write a lock, and record the instance action that made it.

        :param lock: the lock that comes into force
        :param locks: the rows that have all locks of the server, by key; None
            leaves those that are there
        """
        self.replace(lock, locks)
        instance_actions.record(
            self.connection, instance_action.InstanceAction.pack_action_start(
                self.context, self.uuid, action), 'api_' + action, host,
            instance_actions.next_time(self.connection, self.uuid))

    def replace(self, lock: server_lock.Lock,
                locks: Mapping[str, str] | None = None) -> None:
        """Write a lock, and record nothing.

        :param locks: as :meth:`write` has it
        """
        self.connection.execute(INSTANCES.update().where(
            INSTANCES.c.uuid == self.uuid, INSTANCES.c.deleted == 0,
        ).values(locked=lock.locked_by is not None, locked_by=lock.locked_by,
                 updated_at=timeutils.utcnow()))
        system_metadata.replace(
            self.connection, self.uuid, system_metadata.REASON,
            lock_reason.rows(lock.reason, self._holds(lock.reason)))
        if locks is not None:
            system_metadata.replace(
                self.connection, self.uuid, system_metadata.LOCKS, locks)

    def _holds(self, reason: str | None) -> bool:
        """Tell whether the database holds each character of a reason."""
        if (reason is None or not lock_reason.is_wide(reason) or
                self.connection.dialect.name not in ('mysql', 'mariadb')):
            return True
        # NOTE: Nova's migrations make tables of MySQL's utf8, which has three
        # bytes a character; an operator may have converted them.
        return set(self.connection.execute(CHARSETS).one()) == {'utf8mb4'}


def now(connection: Any) -> datetime.datetime:
    """Return the time of a database, in UTC, without a time zone.

    :param connection: of SQLAlchemy
    """
    found = connection.execute(sqlalchemy.text(
        _NOW[connection.dialect.name])).scalar()
    return found if isinstance(found, datetime.datetime) else (
        datetime.datetime.fromisoformat(found))


@contextlib.contextmanager
def locked_row(context: Any, uuid: str) -> Iterator[LockedRow]:
    """Lock the row that a cell has of a server, until the end of the block.

    :param context: a RequestContext that is targeted at the cell
    :raises InstanceNotFound: when the cell has no such row any more
    """
    with db.get_context_manager(context).writer.using(context) as session:
        connection = session.connection()
        # An UPDATE that changes nothing locks the row on every engine, where
        # SQLite takes no notice of FOR UPDATE. Reads after it see what was
        # committed last.
        found = connection.execute(INSTANCES.update().where(
            INSTANCES.c.uuid == uuid, INSTANCES.c.deleted == 0,
        ).values(updated_at=INSTANCES.c.updated_at))
        if not found.rowcount:
            raise nova_exception.InstanceNotFound(instance_id=uuid)
        yield LockedRow(connection, context.elevated(), uuid)


def is_lock_timeout(error: BaseException) -> bool:
    """Tell whether a transaction has waited in vain for another one."""
    # NOTE: oslo.db makes a DBDeadlock of MySQL's 1205, as it does of the
    # deadlock that a transaction can begin anew after. It leaves PostgreSQL's
    # 55P03 as the error of SQLAlchemy that it is.
    original = getattr(
        getattr(error, 'inner_exception', None) or error, 'orig', None)
    return (getattr(original, 'args', ())[:1] == (_LOCK_WAIT_TIMEOUT,)
            or getattr(original, 'pgcode', None) == _LOCK_NOT_AVAILABLE)


def is_busy(error: BaseException) -> bool:
    """Tell whether other transactions kept one from locking its rows.

    :param error: of a database
    """
    return (isinstance(error, db_exception.DBDeadlock)
            or is_lock_timeout(error))


def refresh(instance: Any, lock: server_lock.Lock,
            locks: Mapping[str, str] | None = None) -> None:
    """Let an Instance say what was written of its lock.

    :param instance: the Instance, with its system metadata
    :param locks: the rows that have all locks of the server, by key; None
        leaves those that are there
    """
    instance.locked = lock.locked_by is not None
    instance.locked_by = lock.locked_by
    for key in lock_reason.KEYS:
        instance.system_metadata.pop(key, None)
    if lock.reason is not None:
        instance.system_metadata[lock_reason.KEY] = lock.reason
    if locks is not None:
        instance.system_metadata = lock_rows.replace(
            instance.system_metadata, locks)
    instance.obj_reset_changes(['locked', 'locked_by', 'system_metadata'])


def reload(instance: Any) -> None:
    """Put the lock that is in force into an Instance, as it is stored.

    :raises InstanceNotFound: when the server is not there any more
    """
    with locked_row(instance._context, instance.uuid) as row:
        lock, reason, locks = row.read(), row.reason(), row.locks()
    refresh(instance, lock._replace(reason=None), locks)
    instance.system_metadata.update(reason)
    instance.obj_reset_changes(['system_metadata'])
