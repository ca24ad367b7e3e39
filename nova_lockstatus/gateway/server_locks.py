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

"""Reads and writes all locks of a server, and lifts those that have ended.

The rules: ``core/server_locks.py``.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.gateway import instance_actions
from nova_lockstatus.gateway import server_move
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)


class StoredLocks(NamedTuple):
    """The locks of a server, as the rows of its cell have them.

    :param current: the lock in Nova's columns
    :param records: all locks, the strictest first; those that have ended are
        among them until they are lifted
    :param now: the time of the database, in UTC, without a time zone. All API
        hosts of a cell have it in common, so none of their clocks lets a lock
        end early
    """

    current: server_lock.Lock
    records: list[LockRecord]
    now: datetime.datetime

    @property
    def standing(self) -> list[LockRecord]:
        """Return the locks that are not to be lifted by now."""
        return server_locks.standing(self.records, self.now)


def read(rows: server_move.LockedRows) -> StoredLocks:
    """Read the locks of a server whose rows are locked."""
    row = rows.shown
    current = row.read()
    return StoredLocks(current, server_locks.reconcile(
        row.uuid, decode(row.uuid, row.locks()), current,
        lambda: _maker(row.connection, row.uuid)), row.now())


def decode(server_id: str, rows: Mapping[str, str]) -> list[LockRecord]:
    """Decode stored locks, or log that they are damaged.

    :param rows: rows of system metadata by key
    :returns: the locks; none where a row is damaged: the lock in Nova's
        columns is then all that is known
    """
    try:
        return lock_rows.read(server_id, rows)
    except ValueError as error:
        LOG.error('The locks of the server %s are damaged in the table '
                  'instance_system_metadata. Only its lock in Nova counts: '
                  '%s', server_id, error)
        return []


def _maker(connection: Any, uuid: str) -> server_locks.Maker:
    found = instance_actions.read_locks(connection, [uuid]).get(uuid)
    return (server_locks.Maker(found.since, found.user_id) if found
            else server_locks.Maker())


class LockChange(NamedTuple):
    """What was written of the locks of a server.

    :param lock: the lock that Nova has now
    :param action: the instance action that was recorded
    :param rows: the rows that have all locks of the server, by key
    """

    lock: server_lock.Lock
    action: str
    rows: dict[str, str]


def write(rows: server_move.LockedRows, records: Sequence[LockRecord],
          action: str, host: str) -> LockChange:
    """Write all locks of a server, and record an instance action.

    :param records: the locks after the change
    :param host: the name of the host in the event of the instance action
    :raises OtherCellUnreachable: when another cell cannot be written
    """
    lock, encoded = server_locks.in_force(records), lock_rows.rows(records)
    rows.write(lock, action, host, encoded)
    return LockChange(lock, action, encoded)


def lift_ended(rows: server_move.LockedRows, host: str) -> LockChange | None:
    """Lift the locks of a server that are to be lifted by now.

    :param rows: its rows, locked; the user of their context is the one of the
        instance action
    :param host: the name of the host in the event of the instance action
    :returns: what was written; None where no end has come by the clock of the
        database
    :raises OtherCellUnreachable: when another cell cannot be written
    """
    found = read(rows)
    standing = found.standing
    if len(standing) == len(found.records):
        return None
    return write(rows, standing, server_locks.action_of_unlock(
        found.current, server_locks.in_force(standing)), host)
