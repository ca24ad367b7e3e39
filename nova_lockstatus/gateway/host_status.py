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

"""Reads the status of hosts, of a cell or of those in a list of servers."""

import collections
import datetime
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy
from nova import context as nova_context
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import compute_service

_SYSTEM_METADATA = (models.InstanceSystemMetadata.instance_uuid,
                    models.InstanceSystemMetadata.key,
                    models.InstanceSystemMetadata.value)


class HostStatusReader:
    """Reads the status of hosts as Nova computes it."""

    def __init__(self, service_is_up: Callable[[Any], bool]) -> None:
        self._service_is_up = service_is_up

    def hosts(self, targeted: Any, *conditions: Any) -> dict[str, str]:
        """Read the status of the hosts of a cell, with one statement.

        :returns: one of :mod:`nova_lockstatus.core.host_status`, by host
        """
        return self.hosts_and_reports(targeted, *conditions)[0]

    def hosts_and_reports(
        self, targeted: Any, *conditions: Any,
    ) -> tuple[dict[str, str], dict[str, datetime.datetime | None]]:
        """Read the status and the last heartbeats of the hosts of a cell.

        :returns: the status by host, and the time of the last heartbeat in the
            database, in UTC without a time zone, by host
        """
        with db.get_context_manager(targeted).reader.using(
                targeted) as session:
            rows = session.execute(
                sqlalchemy.select(*compute_service.COLUMNS)
                .where(*compute_service.IS_COMPUTE, *conditions)).all()
        records = [compute_service.record(row) for row in rows]
        return ({record['host']: host_status.status(record,
                                                    self._service_is_up)
                 for record in records},
                {record['host']: record['last_seen_up']
                 for record in records})

    def host(self, change: host_event.StatusChange) -> str | None:
        """Read the current status of the host of a change.

        :returns: one of :mod:`nova_lockstatus.core.host_status`, None where
            the host no longer has a compute service
        :raises CellRemoved: when there is no such cell
        """
        cell = cells.find(nova_context.get_admin_context(), change.cell)
        return self.hosts(
            cells.context(cell),
            change.host == compute_service.HOST).get(change.host)


class ListQuery(NamedTuple):
    """What is to be read in one cell for a list of servers.

    :param uuids: the servers whose system metadata is
    :param hosts: the hosts whose compute services are
    """

    cell: Any
    uuids: list[str]
    hosts: set[str]


class ListRows(NamedTuple):
    """What was read in one cell for a list of servers.

    :param system_metadata: by server uuid and key
    :param services: the record of each host's nova-compute
    """

    system_metadata: dict[str, dict[str, str]]
    services: dict[str, dict[str, Any]]


def read_for_list(context: Any, queries: Mapping[str, ListQuery],
                  keys: frozenset[str]) -> Mapping[str, Any]:
    """Read the services and the system metadata that a list of servers shows.

    One statement reads both in each cell, whatever the length of the list.

    :param queries: what is to be read, by the uuid of the cell
    :param keys: the keys of the rows of system metadata
    :returns: :class:`ListRows` by the uuid of the cell, or the sentinel of a
        cell that could not be read
    """
    results: Mapping[str, Any] = nova_context.scatter_gather_cells(
        context, [query.cell for query in queries.values()],
        nova_context.CELL_TIMEOUT, _ListReader(queries, keys).read)
    return results


class _ListReader:
    """Reads the rows of a list of servers, in one cell after the other."""

    # NOTE: Nova's DownCellFixture takes methods alone, by their __func__.

    def __init__(self, queries: Mapping[str, ListQuery],
                 keys: frozenset[str]) -> None:
        self._queries = queries
        self._keys = keys

    def read(self, targeted: Any) -> ListRows:
        query = self._queries[targeted.cell_uuid]
        selects = []
        if query.hosts:
            selects.append(_select_services(query.hosts))
        if query.uuids:
            selects.append(_select_system_metadata(query.uuids, self._keys))
        found = ListRows(collections.defaultdict(dict), {})
        with db.get_context_manager(targeted).reader.using(
                targeted) as session:
            rows = session.execute(sqlalchemy.union_all(*selects)
                                   if len(selects) > 1 else selects[0])
            for _number, uuid, key, value, *service in sorted(
                    rows, key=operator.itemgetter(0)):
                if uuid is not None:
                    found.system_metadata[uuid][key] = value
                else:
                    found.services[service[0]] = compute_service.record(
                        service)
        return found


def _select_services(hosts: Iterable[str]) -> Any:
    return sqlalchemy.select(
        models.Service.id,
        *(_null(column) for column in _SYSTEM_METADATA),
        *compute_service.COLUMNS,
    ).where(models.Service.host.in_(hosts), *compute_service.IS_COMPUTE)


def _select_system_metadata(uuids: Iterable[str], keys: Iterable[str]) -> Any:
    # NOTE: rows that are marked as deleted are read as well, as Nova does:
    # they belong to servers that are deleted themselves.
    row = models.InstanceSystemMetadata
    return sqlalchemy.select(
        row.id, *_SYSTEM_METADATA,
        *(_null(column) for column in compute_service.COLUMNS),
    ).where(row.instance_uuid.in_(uuids), row.key.in_(keys))


def _null(column: Any) -> Any:
    return sqlalchemy.type_coerce(sqlalchemy.null(), column.type).label(
        'no_%s' % column.key)
