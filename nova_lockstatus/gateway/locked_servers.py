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

"""Reads the locked servers of a cell, page by page."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy
from nova.db.main import api as db
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus import exception
from nova_lockstatus.core import host_status
from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import locked_server
from nova_lockstatus.extensions.base import Lock
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import compute_service
from nova_lockstatus.gateway import instance_actions
from nova_lockstatus.gateway import instances
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

PAGE_SIZE = 1000
"""How many servers a page has at the most."""

# NOTE: all of them are there, the same, in release 26 and in release 34.
RELIES_ON = (
    'nova.context:get_admin_context',
    'nova.db.main.models:InstanceAction.start_time',
    'nova.db.main.models:Service',
    'nova.objects.cell_mapping:CellMappingList.get_all',
    'nova.servicegroup:API.service_is_up',
    *instances.RELIES_ON,
)

_ROW = models.Instance

_COLUMNS = (_ROW.id, _ROW.uuid, _ROW.display_name, _ROW.project_id, _ROW.host,
            _ROW.locked_by)


def count(cell: Any, filters: locked_server.LockedServerFilter) -> int:
    """Count the servers that :func:`read` would read."""
    context = cells.context(cell)
    with db.get_context_manager(context).reader.using(context) as session:
        return int(session.execute(
            sqlalchemy.select(sqlalchemy.func.count(_ROW.id))
            .where(*_conditions(filters))).scalar())


def has_server(cell: Any, filters: locked_server.LockedServerFilter) -> bool:
    """Tell whether a cell has a server of a project or on a host.

    :param filters: of which the project and the host count
    """
    context = cells.context(cell)
    with db.get_context_manager(context).reader.using(context) as session:
        return session.execute(
            sqlalchemy.select(_ROW.id)
            .where(_ROW.deleted == 0, instances.NOT_HIDDEN,
                   *_equal(((_ROW.project_id, filters.project_id),
                            (_ROW.host, filters.host))))
            .limit(1)).first() is not None


def read(cell: Any, filters: locked_server.LockedServerFilter
         ) -> Iterator[list[locked_server.LockedServer]]:
    """Read the locked servers of a cell, in the order of their ids.

    A page takes four statements at the most, however many servers it has.

    :param filters: which servers to read. ``older_than``, ``reason`` and
        ``expired``, which no column has, do not count here
    :returns: pages of :data:`PAGE_SIZE` servers at the most
    """
    context = cells.context(cell)
    hosts = host_status.HostStatuses(compute_service.service_is_up())
    last = 0
    while True:
        with db.get_context_manager(context).reader.using(context) as session:
            rows = session.execute(
                sqlalchemy.select(*_COLUMNS)
                .where(_ROW.id > last, *_conditions(filters))
                .order_by(_ROW.id).limit(PAGE_SIZE)).all()
            if not rows:
                return
            uuids = [row.uuid for row in rows]
            metadata = instances.read_reasons(
                session, uuids, (*lock_reason.KEYS, lock_rows.SUMMARY_KEY))
            locks = instance_actions.read_locks(session, uuids)
            _read_hosts(session, hosts, {row.host for row in rows})
        yield [_server(row, metadata.get(row.uuid, {}),
                       locks.get(row.uuid, Lock()),
                       _host_status(row.host, hosts), cells.name(cell))
               for row in rows]
        if len(rows) < PAGE_SIZE:
            return
        last = rows[-1].id


def _conditions(filters: locked_server.LockedServerFilter) -> Iterable[Any]:
    yield _ROW.deleted == 0
    yield _ROW.locked == sqlalchemy.true()
    yield instances.NOT_HIDDEN
    yield from _equal(((_ROW.project_id, filters.project_id),
                       (_ROW.host, filters.host),
                       (_ROW.locked_by, filters.locked_by)))


def _equal(wanted: Iterable[tuple[Any, str | None]]) -> Iterable[Any]:
    for column, value in wanted:
        if value is not None:
            yield column == value


def _read_hosts(session: Any, hosts: host_status.HostStatuses,
                names: Iterable[str | None]) -> None:
    wanted = {host for host in names if host and (None, host) not in hosts}
    if not wanted:
        return
    found = {row[0]: compute_service.record(row) for row in session.execute(
        sqlalchemy.select(*compute_service.COLUMNS).where(
            models.Service.host.in_(wanted), *compute_service.IS_COMPUTE))}
    for host in wanted:
        hosts.add((None, host), found.get(host))


def _server(row: Any, metadata: Mapping[str, str], lock: Lock,
            status: str | None, cell: str) -> locked_server.LockedServer:
    until = _read_until(row, metadata)
    return locked_server.LockedServer(
        id=row.uuid, name=row.display_name, project_id=row.project_id,
        host=row.host, locked_by=row.locked_by,
        locked_reason=lock_reason.read(metadata),
        locked_at=locked_server.format_time(lock.since),
        locked_by_user_id=lock.user_id, host_status=status, cell=cell,
        locked_until=locked_server.format_time(until),
        expired=until is not None and until <= timeutils.utcnow())


def _read_until(row: Any, metadata: Mapping[str, str]
                ) -> datetime.datetime | None:
    try:
        return lock_rows.locked_until(metadata, row.locked_by)
    except ValueError as error:
        LOG.warning('The locks of the server %s are damaged in the table '
                    'instance_system_metadata. The report has no end of its '
                    'lock: %s', row.uuid, error)
        return None


def _host_status(host: str | None, hosts: host_status.HostStatuses
                 ) -> str | None:
    if not host:
        return host_status.NONE
    try:
        return hosts.status((None, host))
    except exception.HostStatusUnread as error:
        # Such as a memcached that is away: the rest of the report stands.
        LOG.debug('%s', error, exc_info=True)
        return None
