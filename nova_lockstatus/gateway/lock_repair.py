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

"""Reads and repairs the rows that have the locks of servers.

The rules: ``core/lock_repair.py``.
"""

import collections
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy
from nova import exception as nova_exception
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import lock_repair
from nova_lockstatus.core import lock_rows
from nova_lockstatus.gateway import instance_lock
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway import reason_repair
from nova_lockstatus.gateway import system_metadata

PAGE_SIZE = reason_repair.PAGE_SIZE

_ROW = models.Instance
_METADATA = models.InstanceSystemMetadata


def read_all(context: Any) -> Iterator[list[lock_repair.StoredRows]]:
    """Read the servers of a cell that have locks, two statements a page.

    :param context: a RequestContext that is targeted at the cell
    :returns: pages of :data:`PAGE_SIZE` servers at the most
    """
    last = 0
    while True:
        with db.get_context_manager(context).reader.using(context) as session:
            found = _read(session, _ROW.id > last, sqlalchemy.exists().where(
                _METADATA.instance_uuid == _ROW.uuid, _METADATA.deleted == 0,
                _METADATA.key.startswith(lock_rows.PREFIX, autoescape=True)))
        if found:
            yield [stored for _, stored in found]
        if len(found) < PAGE_SIZE:
            return
        last = found[-1][0]


def read_servers(context: Any, uuids: Sequence[str]
                 ) -> Iterator[lock_repair.StoredRows]:
    """Read some servers of a cell, two statements for each page of them.

    :param context: a RequestContext that is targeted at the cell
    :param uuids: the servers; those that are not there are left out
    """
    for start in range(0, len(uuids), PAGE_SIZE):
        with db.get_context_manager(context).reader.using(context) as session:
            found = _read(session, _ROW.uuid.in_(
                uuids[start:start + PAGE_SIZE]))
        yield from (stored for _, stored in found)


def repair(context: Any, before: lock_repair.StoredRows) -> bool:
    """Repair the locks of a server, if it still needs that.

    :param context: a RequestContext that is targeted at its cell
    :param before: what is known to be right
    :returns: whether its locks were repaired
    """
    try:
        with instance_lock.locked_row(context, before.uuid) as row:
            rows = None
            for _, stored in _read(row.connection, _ROW.uuid == before.uuid):
                rows = lock_repair.repaired(stored, before)
            if rows is not None:
                system_metadata.replace(row.connection, before.uuid,
                                        system_metadata.LOCKS, dict(rows))
            return rows is not None
    except nova_exception.InstanceNotFound:
        return False


def _read(session: Any, *conditions: Any
          ) -> list[tuple[int, lock_repair.StoredRows]]:
    """Read servers, with two statements.

    :returns: the id in the cell's database and the rows of each
    """
    servers = session.execute(
        sqlalchemy.select(_ROW.id, _ROW.uuid, _ROW.task_state,
                          reason_repair.last_change().label('change'))
        .where(_ROW.deleted == 0, instances.NOT_HIDDEN, *conditions)
        .order_by(_ROW.id).limit(PAGE_SIZE)).all()
    rows = _rows(session, [server.uuid for server in servers])
    return [(server.id, lock_repair.StoredRows(
        server.uuid, server.task_state is None, server.change,
        tuple(sorted(rows[server.uuid])))) for server in servers]


def _rows(session: Any, uuids: Iterable[str]
          ) -> dict[str, list[tuple[str, str]]]:
    found = collections.defaultdict(list)
    for uuid, key, value in session.execute(
            sqlalchemy.select(_METADATA.instance_uuid, _METADATA.key,
                              _METADATA.value)
            .where(_METADATA.instance_uuid.in_(list(uuids)),
                   _METADATA.deleted == 0,
                   _METADATA.key.startswith(
                       lock_rows.PREFIX, autoescape=True))):
        found[uuid].append((key, value))
    return found
