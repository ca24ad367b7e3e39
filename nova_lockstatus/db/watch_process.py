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

"""Reads and writes what is in the store."""

from __future__ import annotations

import dataclasses
import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from nova_lockstatus.db import database
from nova_lockstatus.db import models

REPORT_INTERVAL = 10
"""Seconds between two reports of a nova-lockstatus-watch."""

LATE_AFTER = 60
"""Seconds after which one that has not reported counts as dead."""


@dataclasses.dataclass(frozen=True)
class WatchProcess:
    """A nova-lockstatus-watch that has reported.

    :param host: where it runs
    :param started_at: when it was started, in UTC without a time zone
    :param reported_at: when it has last reported, likewise
    """

    host: str
    started_at: datetime.datetime
    reported_at: datetime.datetime


def now() -> datetime.datetime:
    """Return the time as the store has it: UTC, whole seconds."""
    return datetime.datetime.now(datetime.timezone.utc).replace(
        tzinfo=None, microsecond=0)


@database.retried  # type: ignore[untyped-decorator,unused-ignore]
def report(store: database.Store, watch: WatchProcess) -> None:
    """Write down that a nova-lockstatus-watch runs.

    One statement: any number of processes can do it at the same time.

    :param store: the store
    :param watch: what it reports
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    values = dataclasses.asdict(watch)
    news = {name: values[name] for name in ('started_at', 'reported_at')}
    with store.connect() as connection:
        dialect = connection.dialect.name
        if dialect == 'mysql':
            statement = mysql.insert(models.WATCHES).values(values)
            statement = statement.on_duplicate_key_update(news)
        else:
            module = postgresql if dialect == 'postgresql' else sqlite
            statement = module.insert(models.WATCHES).values(values)
            statement = statement.on_conflict_do_update(
                index_elements=['host'], set_=news)
        connection.execute(statement)


@database.retried  # type: ignore[untyped-decorator,unused-ignore]
def remove(store: database.Store, watch: WatchProcess) -> None:
    """Forget a nova-lockstatus-watch, unless another one has taken its place.

    :param store: the store
    :param watch: what it has reported
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    columns = models.WATCHES.c
    with store.connect() as connection:
        connection.execute(models.WATCHES.delete().where(
            columns.host == watch.host,
            columns.started_at == watch.started_at))


@database.retried  # type: ignore[untyped-decorator,unused-ignore]
def remove_older(store: database.Store, time: datetime.datetime) -> None:
    """Forget those that have not reported for long.

    :param store: the store
    :param time: those whose last report is older are forgotten
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        connection.execute(models.WATCHES.delete().where(
            models.WATCHES.c.reported_at < time))


def list_all(store: database.Store) -> list[WatchProcess]:
    """Read who has reported.

    :param store: the store
    :returns: them, by host
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        rows = connection.execute(sa.select(
            models.WATCHES.c.host, models.WATCHES.c.started_at,
            models.WATCHES.c.reported_at).order_by(models.WATCHES.c.host))
        return [WatchProcess(*row) for row in rows]
