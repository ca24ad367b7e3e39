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

"""Reads the servers of a host, some at a time, without an object for each."""

import collections
import functools
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy
from nova import context as nova_context
from nova import exception as nova_exception
from nova.db.main import api as db
from nova.db.main import models
from nova.objects import cell_mapping

from nova_lockstatus.core import host_event
from nova_lockstatus.core import lock_reason
from nova_lockstatus.utils.threads import Bulkhead

PAGE_SIZE = 500
"""How many servers are read at a time."""

CELL_TIMEOUT = 10
"""Seconds that a cell may take for them."""

RELIES_ON = (
    'nova.context:RequestContext',
    'nova.context:set_target_cell',
    'nova.db.main.api:get_context_manager',
    'nova.objects.cell_mapping:CellMapping.get_by_uuid',
    'nova.db.main.models:Instance.hidden',
    'nova.db.main.models:InstanceSystemMetadata',
)

_ROW = models.Instance

_COLUMNS = (_ROW.id, _ROW.uuid, _ROW.project_id, _ROW.user_id,
            _ROW.display_name, _ROW.vm_state, _ROW.locked, _ROW.locked_by)


# NOTE: hidden is what a server leaves in its old cell until a resize is
# confirmed; since release 20.
NOT_HIDDEN = sqlalchemy.or_(
    models.Instance.hidden == sqlalchemy.false(),
    models.Instance.hidden.is_(None))
"""The condition by which Nova lists an instance that is not deleted."""


class InstanceRow(NamedTuple):
    """What a notification has of a server, called as in an Instance.

    :param id: the id in the cell's database
    :param system_metadata: the rows with the reason of its lock
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


def context_of(change: host_event.StatusChange) -> Any:
    """Make a context of the host's cell, with one statement.

    It may read all servers, and is otherwise of who has changed the host. It
    has no token of theirs.

    :param change: the change
    :returns: the RequestContext, which lines that the thread logs carry
    :raises CellMappingNotFound: when there is no such cell
    """
    targeted = nova_context.RequestContext(
        change.user_id, change.project_id, is_admin=True,
        request_id=change.request_id)
    nova_context.set_target_cell(
        targeted, cell_mapping.CellMapping.get_by_uuid(targeted, change.cell))
    return targeted


class InstanceReader:
    """Reads the servers of hosts, and waits for no cell for long."""

    def __init__(self) -> None:
        self._patience = Bulkhead(CELL_TIMEOUT)

    def read(self, targeted: Any, host: str, last: int = 0,
             project_id: str | None = None) -> Iterator[list[InstanceRow]]:
        """Read the servers that are on a host, in the order of their ids.

        A page takes one statement, and one more if any of its servers is
        locked.

        :param targeted: a RequestContext of the host's cell
        :param host: the name of the host
        :param last: the id in the cell's database after which to begin
        :param project_id: whose servers, None for those of all projects
        :returns: :data:`PAGE` servers at a time
        :raises CellTimeout: when the cell does not answer in time
        """
        while True:
            try:
                page = self._patience.call(
                    targeted.cell_uuid, functools.partial(
                        _page, targeted, host, last, project_id))
            except TimeoutError as error:
                raise nova_exception.CellTimeout() from error
            if page:
                last = page[-1].id
                yield page
            if len(page) < PAGE_SIZE:
                return


def _page(targeted: Any, host: str, last: int, project_id: str | None
          ) -> list[InstanceRow]:
    with db.get_context_manager(targeted).reader.using(targeted) as session:
        rows = session.execute(_select(host, last, project_id)).all()
        system_metadata = read_reasons(
            session, [row.uuid for row in rows if row.locked])
    return [_server(row, system_metadata) for row in rows]


def _select(host: str, last: int, project_id: str | None) -> Any:
    mine = () if project_id is None else (_ROW.project_id == project_id,)
    return sqlalchemy.select(*_COLUMNS).where(
        _ROW.id > last, _ROW.host == host, _ROW.deleted == 0,
        NOT_HIDDEN,
        *mine,
    ).order_by(_ROW.id).limit(PAGE_SIZE)


def _server(row: Any,
            system_metadata: Mapping[str, Mapping[str, str]]) -> InstanceRow:
    (row_id, uuid, project_id, user_id, name, vm_state, locked,
     locked_by) = row
    return InstanceRow(row_id, uuid, project_id, user_id, name, vm_state,
                       bool(locked), locked_by, system_metadata.get(uuid, {}))


def read_reasons(session: Any, uuids: Collection[str]
                 ) -> Mapping[str, Mapping[str, str]]:
    """Read what is stored of the reasons of locks, with one statement.

    :param session: of SQLAlchemy, in the instances' cell
    :param uuids: of which instances; without any, nothing is asked
    :returns: the rows of system metadata, by instance and key
    """
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    if uuids:
        row = models.InstanceSystemMetadata
        for uuid, key, value in session.execute(
                sqlalchemy.select(row.instance_uuid, row.key, row.value)
                .where(row.instance_uuid.in_(uuids), row.deleted == 0,
                       row.key.in_(lock_reason.KEYS))):
            found[uuid][key] = value
    return found
