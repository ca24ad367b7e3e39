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

"""Reads the system metadata, hosts and locks of a list of servers."""

import collections
import operator
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy
from nova import context as nova_context
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import host_status
from nova_lockstatus.extensions import base
from nova_lockstatus.gateway import compute_service
from nova_lockstatus.gateway import instance_actions

_SYSTEM_METADATA = (models.InstanceSystemMetadata.instance_uuid,
                    models.InstanceSystemMetadata.key,
                    models.InstanceSystemMetadata.value)


class ListQuery(NamedTuple):
    """What is to be read in one cell for a list of servers.

    :param uuids: the servers whose system metadata is
    :param hosts: the hosts whose compute services are
    :param locked: the servers whose records of their locks are
    :param keys: the keys of the rows of system metadata
    :param prefix: the beginning of further keys, None for no others
    """

    uuids: list[str]
    hosts: set[str]
    locked: list[str]
    keys: Collection[str]
    prefix: str | None = None


class ListRows(NamedTuple):
    """What was read in one cell for a list of servers.

    :param system_metadata: by server uuid and key
    :param services: the records of each host's compute services, deleted ones
        after those that are there
    :param locks: by server uuid
    """

    system_metadata: dict[str, dict[str, str]]
    services: dict[str, list[compute_service.Record]]
    locks: dict[str, base.Lock]


def read(context: Any, cells: Mapping[str, Any],
         queries: Mapping[str, ListQuery]) -> Mapping[str, Any]:
    """Read what queries ask for, in all their cells at once.

    :param cells: the CellMapping of each cell, by its uuid
    :param queries: by the uuid of the cell
    :returns: :class:`ListRows` by the uuid of the cell, or the sentinel of a
        cell that could not be read
    """
    results: Mapping[str, Any] = nova_context.scatter_gather_cells(
        context, [cells[uuid] for uuid in queries], nova_context.CELL_TIMEOUT,
        _Reader(queries).read)
    return results


class _Reader:
    """Reads what queries ask for, in one cell after the other."""

    # NOTE: Nova's DownCellFixture takes methods alone, by their __func__.

    def __init__(self, queries: Mapping[str, ListQuery]) -> None:
        self._queries = queries

    def read(self, targeted: Any) -> ListRows:
        return read_in_cell(targeted, self._queries[targeted.cell_uuid])


def read_in_cell(targeted: Any, query: ListQuery) -> ListRows:
    """Read what a query asks for, with one statement.

    The records of locks take another one.

    :param targeted: a RequestContext of the cell
    """
    selects = []
    if query.hosts:
        selects.append(_select_services(query.hosts))
    if query.uuids:
        selects.append(_select_system_metadata(query))
    found = ListRows(collections.defaultdict(dict), {},
                     dict.fromkeys(query.locked, base.Lock()))
    if not selects and not query.locked:
        return found
    rows: Sequence[Any] = ()
    services = collections.defaultdict(list)
    with db.get_context_manager(targeted).reader.using(targeted) as session:
        as_compared = compute_service.host_as_compared(session)
        if selects:
            rows = session.execute(sqlalchemy.union_all(*selects)
                                   if len(selects) > 1 else selects[0]).all()
        if query.locked:
            found.locks.update(
                instance_actions.read_locks(session, query.locked))
    for _id, uuid, key, value, *service in sorted(
            rows, key=operator.itemgetter(0)):
        if uuid is not None:
            found.system_metadata[uuid][key] = value
        else:
            record = compute_service.record(service)
            services[as_compared(record['host'])].append(record)
    for host in query.hosts:
        found.services[host] = sorted(
            services[as_compared(host)], key=operator.itemgetter('deleted'))
    return found


def _select_services(hosts: Collection[str]) -> Any:
    # NOTE: services that are deleted are read as well: Nova's own host_status
    # can come from one. It takes the first that its join finds, which is the
    # first in the index of host, binary and deleted.
    return sqlalchemy.select(
        models.Service.id,
        *(_null(column) for column in _SYSTEM_METADATA),
        *compute_service.COLUMNS,
    ).where(models.Service.host.in_(hosts),
            models.Service.binary == host_status.BINARY)


def _select_system_metadata(query: ListQuery) -> Any:
    # NOTE: rows that are marked as deleted are read as well, as Nova does:
    # they belong to servers that are deleted themselves.
    row = models.InstanceSystemMetadata
    wanted = row.key.in_(query.keys)
    if query.prefix is not None:
        wanted |= row.key.startswith(query.prefix, autoescape=True)
    return sqlalchemy.select(
        row.id, *_SYSTEM_METADATA,
        *(_null(column) for column in compute_service.COLUMNS),
    ).where(row.instance_uuid.in_(query.uuids), wanted)


def _null(column: Any) -> Any:
    return sqlalchemy.type_coerce(sqlalchemy.null(), column.type).label(
        'no_%s' % column.key)
