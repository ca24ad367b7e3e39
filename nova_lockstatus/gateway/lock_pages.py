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

"""Reads the locks of the servers of many cells, page by page.

The servers are in the order of their uuids, which is the same in each cell and
needs no more of a database than the index of the column.
"""

import collections
import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy
from nova import context as nova_context
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks as core_locks
from nova_lockstatus.core.lock_query import LockQuery
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import instance_actions
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway import lock_conditions
from nova_lockstatus.gateway import server_locks
from nova_lockstatus.utils.log_once import LogOnce

RELIES_ON = (
    'nova.context:CELL_TIMEOUT',
    'nova.context:is_cell_failure_sentinel',
    'nova.context:scatter_gather_cells',
    *instances.RELIES_ON,
)

_ROW = models.Instance
_METADATA = models.InstanceSystemMetadata
_LOG_ONCE = LogOnce()

UNREAD = 'Locks are listed without those of cell %s'


class ServerLocks(NamedTuple):
    """A server and all its locks, the strictest first."""

    uuid: str
    project_id: str | None
    user_id: str | None
    records: Sequence[LockRecord]


class Page(NamedTuple):
    """Servers with locks, in the order of their uuids.

    :param next_start: after which uuid the next page begins, None where there
        is no further one
    :param unread: whether a cell could not be read
    """

    servers: Sequence[ServerLocks]
    next_start: str | None
    unread: bool


def read(context: Any, mappings: Sequence[Any], query: LockQuery, start: str,
         limit: int) -> Page:
    """Read a page, with three statements at the most in each cell.

    A server on it can have other locks, too; those of the server of the
    marker need not fit.

    :param context: a RequestContext
    :param mappings: the CellMappings of the cells to read
    :param start: after which text the uuids begin; the first group of a UUID
        for those that begin with it, empty for all
    :param limit: how many servers the page has at the most
    """
    reader = _Reader(query, start, limit)
    results: Mapping[str, Any] = nova_context.scatter_gather_cells(
        context.elevated(), mappings, nova_context.CELL_TIMEOUT, reader.read)
    found: list[ServerLocks] = []
    ends, unread = [], False
    for cell in mappings:
        result = results[cell.uuid]
        if not cells.check_read(
                _LOG_ONCE, UNREAD, cell, result):
            unread = True
            continue
        found += result
        if len(result) == limit:
            ends.append(result[-1].uuid)
    found.sort(key=lambda server: server.uuid)
    del found[limit:]
    if len(found) == limit:
        ends.append(found[-1].uuid)
    end = min(ends, default=None)
    return Page([server for server in found
                 if end is None or server.uuid <= end], end, unread)


class _Reader:
    """Reads the servers of one cell after the other."""

    # NOTE: Nova's DownCellFixture takes methods alone, by their __func__.

    def __init__(self, query: LockQuery, start: str, limit: int) -> None:
        self._query = query
        self._start = start
        self._limit = limit

    def read(self, targeted: Any) -> list[ServerLocks]:
        with db.get_context_manager(targeted).reader.using(
                targeted) as session:
            rows = session.execute(
                sqlalchemy.select(_ROW.uuid, _ROW.project_id, _ROW.user_id,
                                  _ROW.locked_by)
                .where(_ROW.deleted == 0, instances.NOT_HIDDEN,
                       _ROW.uuid > self._start,
                       *lock_conditions.of_servers(self._query, self._start))
                .order_by(_ROW.uuid).limit(self._limit)).all()
            metadata = _metadata(session, [row.uuid for row in rows])
            stored = {row.uuid: server_locks.decode(
                row.uuid, metadata[row.uuid]) for row in rows}
            current = {row.uuid: server_lock.Lock(
                row.locked_by, lock_reason.read(metadata[row.uuid]))
                for row in rows}
            unknown = [uuid for uuid, lock in current.items()
                       if lock.locked_by and lock != core_locks.in_force(
                           stored[uuid])]
            makers = (instance_actions.read_locks(session, unknown)
                      if unknown else {})
        return [ServerLocks(
            row.uuid, row.project_id, row.user_id, core_locks.reconcile(
                row.uuid, stored[row.uuid], current[row.uuid],
                functools.partial(core_locks.Maker,
                                  *makers.get(row.uuid, ()))))
                for row in rows]


def _metadata(session: Any, uuids: Sequence[str]
              ) -> Mapping[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    if uuids:
        for uuid, key, value in session.execute(
                sqlalchemy.select(_METADATA.instance_uuid, _METADATA.key,
                                  _METADATA.value)
                .where(_METADATA.instance_uuid.in_(uuids),
                       _METADATA.deleted == 0, sqlalchemy.or_(
                           _METADATA.key.in_(lock_reason.KEYS),
                           _METADATA.key.startswith(
                               lock_rows.PREFIX, autoescape=True)))):
            found[uuid][key] = value
    return found
