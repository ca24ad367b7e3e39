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


"""Locks the rows of a server that is between two cells.

Nova copies the row of a server to the target cell of a cross-cell resize, and
deletes one of the two at the end of it. The rules: ``core/server_move.py``.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy
import sqlalchemy.exc
from nova import context as nova_context
from nova import exception as nova_exception
from nova.db.main import models
from nova.objects import host_mapping
from nova.objects import instance_mapping
from oslo_db import exception as db_exception

from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_move
from nova_lockstatus.gateway import instance_lock

RELIES_ON = (
    'nova.context:RequestContext.from_dict',
    'nova.context:target_cell',
    'nova.db.main.models:Migration.cross_cell_move',
    'nova.objects.host_mapping:HostMapping.get_by_host',
    *instance_lock.RELIES_ON,
)

_MIGRATION = models.Migration
_ROW = models.Instance


class ServerMoving(Exception):
    """Nova copies or saves a row of the server right now."""


class OtherCellUnreachable(Exception):
    """The cell that has the other row of a server cannot be used."""


class LockedRows:
    """The rows of a server that no other transaction can change.

    :param shown: the row in the cell that shows the server
    :param others: those in other cells
    """

    def __init__(self, shown: instance_lock.LockedRow,
                 others: Sequence[instance_lock.LockedRow] = ()) -> None:
        self._shown = shown
        self._others = others

    def read(self) -> server_lock.Lock:
        """Read the lock that is in force."""
        return self._shown.read()

    @property
    def shown(self) -> instance_lock.LockedRow:
        """Return the row in the cell that shows the server."""
        return self._shown

    def write(self, lock: server_lock.Lock, action: str, host: str,
              locks: Mapping[str, str] | None = None) -> None:
        """Write a lock, and record the instance action that made it.

        :param lock: the lock that comes into force
        :param locks: the rows that have all locks of the server, by key; None
            leaves those that are there
        :raises OtherCellUnreachable: when another cell cannot be written
        """
        with _other_cell():
            for row in self._others:
                row.write(lock, action, host, locks)
        self._shown.write(lock, action, host, locks)

    def repeat(self) -> None:
        """Write the lock that is in force into the other rows.

        :raises OtherCellUnreachable: when another cell cannot be written
        """
        lock, locks = self._shown.read(), self._shown.locks()
        with _other_cell():
            for row in self._others:
                if row.read() != lock or row.locks() != locks:
                    row.replace(lock, locks)


class _Move(NamedTuple):
    """Where the rows of a server are.

    :param cell: the CellMapping of the other row, None if there is one row
    :param is_unsettled: whether Nova copies or saves a row right now
    """

    cell: Any = None
    is_unsettled: bool = False


@contextlib.contextmanager
def locked_rows(instance: Any, may_cross_cells: bool,
                unsettled: bool = False) -> Iterator[LockedRows]:
    """Lock all rows of a server until the end of the block.

    :param instance: its Instance, with a context of the cell that shows it
    :param may_cross_cells: whether the policy lets anybody cross cells
    :param unsettled: whether to lock them also while Nova uses them
    :raises InstanceNotFound: when the server is not there any more
    :raises ServerMoving: when Nova copies or saves a row right now
    :raises OtherCellUnreachable: when the other row cannot be locked
    """
    context, uuid = instance._context, instance.uuid
    try:
        with _locked_rows(context, uuid, may_cross_cells, unsettled) as rows:
            yield rows
    except nova_exception.InstanceNotFound:
        if _is_elsewhere(context, uuid):
            raise ServerMoving from None
        raise


@contextlib.contextmanager
def _locked_rows(context: Any, uuid: str, may_cross_cells: bool,
                 unsettled: bool) -> Iterator[LockedRows]:
    with instance_lock.locked_row(context, uuid) as row:
        move = _read_move(row, may_cross_cells)
        if move.is_unsettled and not unsettled:
            raise ServerMoving
        if move.cell is None:
            yield LockedRows(row)
            return
    with _both_rows(context, uuid, move.cell) as (row, others):
        if (_read_move(row, may_cross_cells).is_unsettled
                and not unsettled):
            raise ServerMoving
        yield LockedRows(row, others)


@contextlib.contextmanager
def _both_rows(context: Any, uuid: str, cell: Any) -> Iterator[
        tuple[instance_lock.LockedRow, list[instance_lock.LockedRow]]]:
    with _other_cell():
        # NOTE: the copy has nothing of a transaction; since release 20.
        with nova_context.target_cell(context, cell) as targeted:
            pass
    with contextlib.ExitStack() as stack:
        # All take the rows in one order: no database sees a deadlock between
        # two of them.
        others: list[instance_lock.LockedRow] = []
        if cell.uuid < context.cell_uuid:
            others = _lock_other(stack, targeted, uuid)
        row = stack.enter_context(instance_lock.locked_row(context, uuid))
        if cell.uuid > context.cell_uuid:
            others = _lock_other(stack, targeted, uuid)
        yield row, others


def _lock_other(stack: contextlib.ExitStack, context: Any, uuid: str
                ) -> list[instance_lock.LockedRow]:
    with _other_cell():
        try:
            return [stack.enter_context(
                instance_lock.locked_row(context, uuid))]
        except nova_exception.InstanceNotFound:
            # Nova has deleted it, or has given the migration up.
            return []


@contextlib.contextmanager
def _other_cell() -> Iterator[None]:
    try:
        yield
    except (db_exception.DBError, db_exception.CantStartEngineError,
            sqlalchemy.exc.SQLAlchemyError) as error:
        if instance_lock.is_busy(error):
            # As in the server's own cell.
            raise
        raise OtherCellUnreachable from error


def _read_move(row: instance_lock.LockedRow, may_cross_cells: bool) -> _Move:
    migration = _newest_migration(row)
    if may_cross_cells and server_move.is_copied(
            _task_state(row), migration):
        return _Move(is_unsettled=True)
    hosts = server_move.other_hosts(migration)
    if migration is None or not hosts:
        return _Move()
    shown = row.context.cell_uuid
    source, dest = (_cell_of(row.context, host) for host in hosts)
    return _Move(
        next((cell for cell in (source, dest)
              if cell is not None and cell.uuid != shown), None),
        server_move.is_saved_whole(
            migration, source is not None and source.uuid == shown))


def _newest_migration(row: instance_lock.LockedRow
                      ) -> server_move.Migration | None:
    # NOTE: the migrations of a server are copied to the other cell with their
    # times, in an order of their own: their ids say nothing there.
    found = row.connection.execute(
        sqlalchemy.select(
            _MIGRATION.cross_cell_move, _MIGRATION.status,
            _MIGRATION.source_compute, _MIGRATION.dest_compute)
        .where(_MIGRATION.instance_uuid == row.uuid, _MIGRATION.deleted == 0)
        .order_by(_MIGRATION.created_at.desc(), _MIGRATION.id.desc())
        .limit(1)).first()
    return found and server_move.Migration(*found)


def _is_elsewhere(context: Any, uuid: str) -> bool:
    """Tell whether another cell shows a server by now."""
    try:
        mapping = instance_mapping.InstanceMapping.get_by_instance_uuid(
            context, uuid)
    except nova_exception.InstanceMappingNotFound:
        return False
    cell = mapping.cell_mapping
    return cell is not None and cell.uuid != context.cell_uuid


def _task_state(row: instance_lock.LockedRow) -> str | None:
    state: str | None = row.connection.execute(
        sqlalchemy.select(_ROW.task_state).where(
            _ROW.uuid == row.uuid, _ROW.deleted == 0)).scalar()
    return state


def _cell_of(context: Any, host: str) -> Any:
    try:
        return host_mapping.HostMapping.get_by_host(context, host).cell_mapping
    except nova_exception.HostMappingNotFound:
        # The host was deleted, and with it what its cell had of the server.
        return None
