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

"""Reads the status of hosts."""

import datetime
from collections.abc import Callable
from typing import Any

import sqlalchemy
from nova import context as nova_context
from nova.db.main import api as db

from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.gateway import cells
from nova_lockstatus.gateway import compute_service


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
