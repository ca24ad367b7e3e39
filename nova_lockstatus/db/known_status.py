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

"""What the hosts were last known to be.

The outbox writes down what becomes of them: see there.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Mapping

import sqlalchemy as sa
from oslo_utils import timeutils
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from nova_lockstatus.db import database
from nova_lockstatus.db import models

HOSTS_PER_STATEMENT = 100
"""How many hosts a statement writes."""

_HOST = models.HOSTS.c


@dataclasses.dataclass(frozen=True)
class KnownStatus:
    """What a host was last known to be.

    :param status: one of :mod:`nova_lockstatus.core.host_status`
    :param version: rises with each change
    :param changed_at: since when it is so, in UTC without a time zone, by the
        clock of who has found that
    """

    status: str
    version: int
    changed_at: datetime.datetime


def read(store: database.Store, cell: str) -> dict[str, KnownStatus]:
    """Read what the hosts of a cell were last known to be.

    :param store: the store
    :param cell: the uuid of the cell
    :returns: that, by host
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        return {host: KnownStatus(
            *values) for host, *values in connection.execute(
            sa.select(_HOST.host, _HOST.status, _HOST.version,
                      _HOST.changed_at)
            .where(_HOST.cell == cell))}


@database.retried  # type: ignore[untyped-decorator,unused-ignore]
def insert_missing(store: database.Store, cell: str,
                   statuses: Mapping[str, str]) -> None:
    """Write down hosts that were not known. Nobody is told.

    :param store: the store
    :param cell: the uuid of their cell
    :param statuses: what they are, by host
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    rows = [{'cell': cell, 'host': host, 'status': status, 'version': 1,
             'changed_at': timeutils.utcnow()}
            for host, status in sorted(statuses.items())]
    with store.connect() as connection:
        dialect = connection.dialect.name
        for start in range(0, len(rows), HOSTS_PER_STATEMENT):
            some = rows[start:start + HOSTS_PER_STATEMENT]
            # Two can learn the same.
            if dialect == 'mysql':
                connection.execute(mysql.insert(models.HOSTS).values(some)
                                   .prefix_with('IGNORE'))
            else:
                module = postgresql if dialect == 'postgresql' else sqlite
                connection.execute(module.insert(models.HOSTS).values(some)
                                   .on_conflict_do_nothing())


@database.retried  # type: ignore[untyped-decorator,unused-ignore]
def delete(store: database.Store, cell: str, hosts: Collection[str]) -> None:
    """Forget hosts that Nova does not have any more. Nobody is told.

    :param store: the store
    :param cell: the uuid of their cell
    :param hosts: they
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    gone = sorted(hosts)
    with store.connect() as connection:
        for start in range(0, len(gone), HOSTS_PER_STATEMENT):
            connection.execute(models.HOSTS.delete().where(
                _HOST.cell == cell,
                _HOST.host.in_(gone[start:start + HOSTS_PER_STATEMENT])))
