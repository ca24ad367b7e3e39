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

"""The known status of each host: the one that was recorded last.

:mod:`nova_lockstatus.db.outbox` records its changes.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models
from nova_lockstatus.db.upsert import upsert

HOSTS_PER_STATEMENT = 100
"""The number of hosts that one statement writes."""

_HOST = models.HOSTS.c


@dataclasses.dataclass(frozen=True)
class KnownStatus:
    """The known status of a host.

    :param status: one of :mod:`nova_lockstatus.core.host_status`
    :param version: rises with each change
    :param changed_at: the time of the last change, in UTC without a time zone,
        by the clock of the process that found it
    """

    status: str
    version: int
    changed_at: datetime.datetime


def read(store: database.Store, cell: str) -> dict[str, KnownStatus]:
    """Read the known status of the hosts of a cell.

    :returns: the known status, by host
    """
    with store.connect() as connection:
        rows = connection.execute(
            sa.select(_HOST.host, _HOST.status, _HOST.version,
                      _HOST.changed_at)
            .where(_HOST.cell == cell))
        return {host: KnownStatus(*values) for host, *values in rows}


@database.retried
def insert_missing(store: database.Store, cell: str,
                   statuses: Mapping[str, str]) -> None:
    """Record hosts that have no known status, without outbox entries.

    Two processes can record the same host.
    """
    rows = [{'cell': cell, 'host': host, 'status': status, 'version': 1,
             'changed_at': clock.now()}
            for host, status in sorted(statuses.items())]
    with store.connect() as connection:
        for start in range(0, len(rows), HOSTS_PER_STATEMENT):
            upsert(connection, models.HOSTS,
                   rows[start:start + HOSTS_PER_STATEMENT])


@database.retried
def delete(store: database.Store, cell: str, hosts: Collection[str]) -> None:
    """Delete hosts that Nova no longer has, without outbox entries."""
    gone = sorted(hosts)
    with store.connect() as connection:
        for start in range(0, len(gone), HOSTS_PER_STATEMENT):
            connection.execute(models.HOSTS.delete().where(
                _HOST.cell == cell,
                _HOST.host.in_(gone[start:start + HOSTS_PER_STATEMENT])))
