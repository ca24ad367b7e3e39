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

"""Reads the ends of the locks of servers, and does what is due.

The rules: ``core/lock_ends.py``.
"""

import collections
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy
from nova import exception as nova_exception
from nova import objects
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import lock_ends
from nova_lockstatus.core import lock_expiry
from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks as core_locks
from nova_lockstatus.core.lock_ends import LockEnd
from nova_lockstatus.gateway import instance_lock
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway import server_locks
from nova_lockstatus.gateway import server_move
from nova_lockstatus.gateway import system_metadata
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

RELIES_ON = server_move.RELIES_ON

PAGE_SIZE = 1000
"""How many servers a page has at the most."""

_ROW = models.Instance
_METADATA = models.InstanceSystemMetadata
_UNANNOUNCED = system_metadata.TABLE.c.key == lock_ends.UNANNOUNCED_KEY


class ServerEnds(NamedTuple):
    """The ends of all locks of a server, and a lifting that is not announced.

    :param project_id: the project of the server
    """

    uuid: str
    project_id: str | None
    ends: tuple[LockEnd, ...]


def read_now(context: Any) -> datetime.datetime:
    """Read the time of a cell's database, in UTC, without a time zone.

    :param context: a RequestContext that is targeted at the cell
    """
    with db.get_context_manager(context).reader.using(context) as session:
        return instance_lock.now(session.connection())


def read(context: Any, since: datetime.datetime | None = None
         ) -> Iterator[list[ServerEnds]]:
    """Read the ends of a cell's locks, two statements a page.

    :param context: a RequestContext that is targeted at the cell
    :param since: before which no lock of theirs has changed, None for all;
        the column is indexed, and each lock and unlock writes it
    :returns: those of :data:`PAGE_SIZE` servers with locks at the most
    """
    conditions = [_ROW.deleted == 0, instances.NOT_HIDDEN,
                  sqlalchemy.exists().where(
                      _METADATA.instance_uuid == _ROW.uuid,
                      _METADATA.deleted == 0, _METADATA.key.in_(
                          (lock_rows.SUMMARY_KEY, lock_ends.UNANNOUNCED_KEY)))]
    if since is not None:
        conditions.append(_ROW.updated_at >= since)
    last = 0
    while True:
        with db.get_context_manager(context).reader.using(context) as session:
            found = session.execute(
                sqlalchemy.select(_ROW.id, _ROW.uuid, _ROW.project_id)
                .where(_ROW.id > last, *conditions)
                .order_by(_ROW.id).limit(PAGE_SIZE)).all()
            rows = _rows(session, [row.uuid for row in found])
        if found:
            yield [ServerEnds(row.uuid, row.project_id, tuple(
                _ends(row.uuid, rows[row.uuid]))) for row in found]
        if len(found) < PAGE_SIZE:
            return
        last = found[-1].id


def _rows(session: Any, uuids: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    if uuids:
        for uuid, key, value in session.execute(
                sqlalchemy.select(_METADATA.instance_uuid, _METADATA.key,
                                  _METADATA.value)
                .where(_METADATA.instance_uuid.in_(uuids),
                       _METADATA.deleted == 0,
                       sqlalchemy.or_(
                           _METADATA.key == lock_ends.UNANNOUNCED_KEY,
                           _METADATA.key.startswith(
                               lock_rows.PREFIX, autoescape=True)))):
            found[uuid][key] = value
    return found


def _ends(uuid: str, rows: Mapping[str, str]) -> list[LockEnd]:
    ends = lock_ends.of_records(server_locks.decode(uuid, rows))
    lifting = _lifting(uuid, rows)
    return ends if lifting is None else [*ends, lifting.end]


def _lifting(uuid: str, rows: Mapping[str, str]) -> lock_ends.Lifting | None:
    value = rows.get(lock_ends.UNANNOUNCED_KEY)
    if value is None:
        return None
    try:
        return lock_ends.decode(value)
    except ValueError as error:
        LOG.error('A lifted lock of the server %s is not announced, as its '
                  'row is damaged: %s', uuid, error)
        return None


def lift(context: Any, uuid: str, host: str, announces: bool
         ) -> lock_ends.Lifting | None:
    """Lift the locks of a server that are to be lifted by now.

    :param context: a RequestContext that is targeted at the cell, and whose
        user is the one of the instance action
    :param host: the name of the host in the event of the instance action
    :param announces: whether to remember that it is to be announced, until
        :func:`announced`
    :returns: what is to be announced; None where no end has come by the clock
        of the database, or the server is not there any more
    :raises ServerMoving: when Nova copies or saves a row right now
    :raises OtherCellUnreachable: when another cell cannot be written
    """
    instance = objects.Instance(context, uuid=uuid)
    try:
        with server_move.locked_rows(instance, may_cross_cells=True) as rows:
            change = server_locks.lift_ended(rows, host)
            if change is None:
                return None
            row = rows.shown
            lifting = lock_ends.Lifting(change.action, context.request_id,
                                      row.now())
            if announces:
                _write_lifting(row, lifting)
            return lifting
    except nova_exception.InstanceNotFound:
        return None


def claim(context: Any, uuid: str) -> lock_ends.Lifting | None:
    """Claim to announce a lifting that another process should have announced.

    :param context: a RequestContext that is targeted at the cell
    :returns: what is to be announced, None where there is nothing, or another
        process has claimed it
    """
    return _take(context, uuid, lambda found, now: found.end.at <= now)


def renew(context: Any, uuid: str, lifting: lock_ends.Lifting
          ) -> lock_ends.Lifting | None:
    """Keep other processes from announcing a lifting.

    :param context: a RequestContext that is targeted at the cell
    :returns: what is to be announced, None where another process does it
    """
    return _take(context, uuid, lambda found, now: found == lifting)


def _take(context: Any, uuid: str, is_free: Callable[
        [lock_ends.Lifting, datetime.datetime], bool]
          ) -> lock_ends.Lifting | None:
    try:
        with instance_lock.locked_row(context, uuid) as row:
            found = _lifting(uuid, system_metadata.read(
                row.connection, uuid, _UNANNOUNCED))
            now = row.now()
            if found is None or not is_free(found, now):
                return None
            found = found._replace(since=now)
            _write_lifting(row, found)
            return found
    except nova_exception.InstanceNotFound:
        return None


def load(context: Any, uuid: str) -> Any:
    """Load the Instance that a notification is about.

    :param context: a RequestContext that is targeted at the cell
    :returns: the Instance, None where the server is not there any more
    """
    try:
        return objects.Instance.get_by_uuid(context, uuid, expected_attrs=[
            'flavor', 'info_cache', 'metadata', 'system_metadata'])
    except nova_exception.InstanceNotFound:
        return None


def announced(context: Any, uuid: str, lifting: lock_ends.Lifting) -> None:
    """Forget a lifting that is announced.

    :param context: a RequestContext that is targeted at the cell
    """
    with db.get_context_manager(context).writer.using(context) as session:
        session.connection().execute(system_metadata.TABLE.delete().where(
            system_metadata.TABLE.c.instance_uuid == uuid, _UNANNOUNCED,
            system_metadata.TABLE.c.value == lock_ends.encode(lifting)))


def read_expired(context: Any, uuid: str, lock_id: str
                 ) -> lock_expiry.ExpiredLock | None:
    """Read a lock that should have expired, and its server.

    :param context: a RequestContext that is targeted at the cell
    :returns: None where it has not expired, as it got another end, or where it
        is not there any more
    """
    with db.get_context_manager(context).reader.using(context) as session:
        server = instances.read_server(session, uuid)
        now = instance_lock.now(session.connection())
    if server is None:
        return None
    rows = server.system_metadata
    for record in core_locks.reconcile(
            uuid, server_locks.decode(uuid, rows), server_lock.Lock(
                server.locked_by, lock_reason.read(rows))):
        if (record.id == lock_id and not record.release
                and lock_record.is_expired(record, now)):
            return lock_expiry.ExpiredLock(server, record)
    return None


def _write_lifting(row: instance_lock.LockedRow, lifting: lock_ends.Lifting
                  ) -> None:
    system_metadata.replace(row.connection, row.uuid, _UNANNOUNCED, {
        lock_ends.UNANNOUNCED_KEY: lock_ends.encode(lifting)})
