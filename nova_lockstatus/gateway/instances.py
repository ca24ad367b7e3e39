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

"""Reads the servers of a host in pages, without an object for each."""

import collections
import functools
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy
from nova import context as nova_context
from nova import exception as nova_exception
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import host_event
from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_rows
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import server_groups
from nova_lockstatus.utils.threads import Bulkhead

PAGE_SIZE = 500
"""The number of servers in a page."""

CELL_TIMEOUT = 10
"""Seconds that a cell may take for a page."""

RELIES_ON = (
    'nova.context:RequestContext',
    'nova.context:set_target_cell',
    'nova.db.main.api:get_context_manager',
    'nova.objects.cell_mapping:CellMapping.get_by_uuid',
    'nova.db.main.models:Instance.hidden',
    'nova.db.main.models:InstanceSystemMetadata',
    *server_groups.RELIES_ON,
)

_ROW = models.Instance

_COLUMNS = (_ROW.id, _ROW.uuid, _ROW.project_id, _ROW.user_id,
            _ROW.display_name, _ROW.vm_state, _ROW.locked, _ROW.locked_by)


# NOTE: a resize to another cell leaves a hidden instance in the old cell until
# it is confirmed; since release 20.
NOT_HIDDEN = sqlalchemy.or_(
    models.Instance.hidden == sqlalchemy.false(),
    models.Instance.hidden.is_(None))
"""The condition by which Nova lists an instance that is not deleted."""


class InstanceRow(NamedTuple):
    """A server, with those attributes of an Instance that events need.

    :param id: the id in the cell's database
    :param system_metadata: the rows with the reason of its lock
    :param group: its server group, if it is in one that keeps its members on
        different hosts
    """

    id: int
    uuid: str
    project_id: str | None
    user_id: str | None
    display_name: str | None
    vm_state: str | None
    locked: bool
    locked_by: str | None
    system_metadata: Mapping[str, str]
    group: server_groups.ServerGroup | None = None


class InstanceReader:
    """Reads the servers of hosts, and waits only so long for each cell."""

    def __init__(self) -> None:
        self._bulkhead = Bulkhead(CELL_TIMEOUT)
        self._cells = cells.CellFinder()
        self._groups = server_groups.ServerGroupReader()

    def context_of(self, change: host_event.StatusChange) -> Any:
        """Make a context that is targeted at the host's cell.

        It takes one statement. The context has the ids of the call that made
        the change, no token, and may read all servers. Log lines of the thread
        have its request id.

        :raises CellRemoved: when there is no such cell
        """
        targeted = nova_context.RequestContext(
            change.user_id, change.project_id, is_admin=True,
            request_id=change.request_id)
        nova_context.set_target_cell(
            targeted, self._cells.find(targeted, change.cell))
        return targeted

    def read(self, targeted: Any, host: str, last: int = 0,
             project_id: str | None = None) -> Iterator[list[InstanceRow]]:
        """Read the servers that are on a host, in the order of their ids.

        A page takes one statement, one more if any of its servers is locked,
        and those of their server groups.

        :param targeted: a RequestContext of the host's cell
        :param last: the id in the cell's database after which to begin
        :param project_id: the project of the servers, None for all projects
        :returns: pages of :data:`PAGE_SIZE` servers
        :raises CellTimeout: when the cell does not answer in time
        """
        while True:
            try:
                page = self._bulkhead.call(
                    targeted.cell_uuid, functools.partial(
                        _page, targeted, host, last, project_id))
            except TimeoutError as error:
                raise nova_exception.CellTimeout() from error
            is_last = len(page) < PAGE_SIZE
            if page:
                is_whole = is_last and not last and project_id is None
                last = page[-1].id
                yield self._with_groups(targeted, host, page, is_whole)
            if is_last:
                return

    def _with_groups(self, targeted: Any, host: str, page: list[InstanceRow],
                     is_whole: bool) -> list[InstanceRow]:
        """Add the server groups to a page.

        :param is_whole: whether no other servers are on the host
        """
        groups = self._groups.read(
            [row.uuid for row in page], targeted.cell_uuid,
            None if is_whole else functools.partial(_on_host, targeted, host))
        return [row._replace(group=groups.get(row.uuid)) for row in page]


def _page(targeted: Any, host: str, last: int, project_id: str | None
          ) -> list[InstanceRow]:
    with db.get_context_manager(targeted).reader.using(targeted) as session:
        rows = session.execute(_select(host, last, project_id)).all()
        system_metadata = read_reasons(
            session, [row.uuid for row in rows if row.locked])
    return [_server(row, system_metadata) for row in rows]


def _select(host: str, last: int, project_id: str | None) -> Any:
    conditions = (() if project_id is None
                  else (_ROW.project_id == project_id,))
    return sqlalchemy.select(*_COLUMNS).where(
        _ROW.id > last, _ROW.host == host, _ROW.deleted == 0,
        NOT_HIDDEN, *conditions,
    ).order_by(_ROW.id).limit(PAGE_SIZE)


def _on_host(targeted: Any, host: str, uuids: Collection[str]) -> list[str]:
    """Read which servers are on a host, with one statement."""
    with db.get_context_manager(targeted).reader.using(targeted) as session:
        rows = session.execute(sqlalchemy.select(_ROW.uuid).where(
            _ROW.uuid.in_(uuids), _ROW.host == host, _ROW.deleted == 0,
            NOT_HIDDEN)).all()
    return [row.uuid for row in rows]


def _server(row: Any,
            system_metadata: Mapping[str, Mapping[str, str]]) -> InstanceRow:
    (row_id, uuid, project_id, user_id, name, vm_state, locked,
     locked_by) = row
    return InstanceRow(row_id, uuid, project_id, user_id, name, vm_state,
                       bool(locked), locked_by, system_metadata.get(uuid, {}))


def read_reasons(session: Any, uuids: Collection[str],
                 keys: Collection[str] = lock_reason.KEYS
                 ) -> Mapping[str, Mapping[str, str]]:
    """Read the rows with the reasons of locks, with one statement.

    :param session: a session of SQLAlchemy in the instances' cell
    :param keys: the keys of the rows
    :returns: the values of system metadata, by uuid and key
    """
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    if uuids:
        row = models.InstanceSystemMetadata
        for uuid, key, value in session.execute(
                sqlalchemy.select(row.instance_uuid, row.key, row.value)
                .where(row.instance_uuid.in_(uuids), row.deleted == 0,
                       row.key.in_(keys))):
            found[uuid][key] = value
    return found


def read_server(session: Any, uuid: str) -> InstanceRow | None:
    """Read a server, with the rows of all its locks, in two statements.

    :param session: a session of SQLAlchemy in the server's cell
    :returns: the server, None where the cell does not show it
    """
    row = session.execute(sqlalchemy.select(*_COLUMNS).where(
        _ROW.uuid == uuid, _ROW.deleted == 0, NOT_HIDDEN)).first()
    if row is None:
        return None
    metadata = models.InstanceSystemMetadata
    return _server(row, {uuid: dict(session.execute(
        sqlalchemy.select(metadata.key, metadata.value).where(
            metadata.instance_uuid == uuid, metadata.deleted == 0,
            sqlalchemy.or_(
                metadata.key.in_(lock_reason.KEYS), metadata.key.startswith(
                    lock_rows.PREFIX, autoescape=True)))).all())})


def count_by_host(targeted: Any) -> Iterator[tuple[
        str | None, bool, str | None, int]]:
    """Count the instances of a cell, with one statement.

    The number of its rows grows with the hosts, not with the instances.

    :param targeted: a RequestContext of the cell
    :returns: host, whether locked, the holder of the lock, and how many
        instances have these three
    """
    with db.get_context_manager(targeted).reader.using(targeted) as session:
        yield from session.execute(
            sqlalchemy.select(_ROW.host, _ROW.locked, _ROW.locked_by,
                              sqlalchemy.func.count())
            .where(_ROW.deleted == 0, NOT_HIDDEN)
            .group_by(_ROW.host, _ROW.locked, _ROW.locked_by))
