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

"""The last report of each nova-lockstatus-watch process."""

from __future__ import annotations

import dataclasses
import datetime

import sqlalchemy as sa

from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models
from nova_lockstatus.db.upsert import upsert

HEARTBEAT_SECONDS = 10
"""Seconds between two reports of a nova-lockstatus-watch."""

LATE_SECONDS = 60
"""Seconds after its last report after which a process counts as dead."""


@dataclasses.dataclass(frozen=True)
class WatchProcess:
    """A report of a nova-lockstatus-watch process.

    :param host: the host that it runs on
    :param started_at: when it was started, in UTC without a time zone
    :param reported_at: when it reported last, likewise
    """

    host: str
    started_at: datetime.datetime
    reported_at: datetime.datetime


def now() -> datetime.datetime:
    """Return the time as the table has it: UTC, whole seconds."""
    return clock.now().replace(microsecond=0)


@database.retried
def report(store: database.Store, watch: WatchProcess) -> None:
    """Write a report, with one statement."""
    with store.connect() as connection:
        upsert(connection, models.WATCHES, [dataclasses.asdict(watch)],
               {'started_at': watch.started_at,
                'reported_at': watch.reported_at})


@database.retried
def remove(store: database.Store, watch: WatchProcess) -> None:
    """Delete a report, unless another process has replaced it."""
    columns = models.WATCHES.c
    with store.connect() as connection:
        connection.execute(models.WATCHES.delete().where(
            columns.host == watch.host,
            columns.started_at == watch.started_at))


@database.retried
def remove_older(store: database.Store, time: datetime.datetime) -> None:
    """Delete the reports that are older than a time."""
    with store.connect() as connection:
        connection.execute(models.WATCHES.delete().where(
            models.WATCHES.c.reported_at < time))


def list_all(store: database.Store) -> list[WatchProcess]:
    """Read all reports, in the order of the hosts."""
    with store.connect() as connection:
        rows = connection.execute(sa.select(
            models.WATCHES.c.host, models.WATCHES.c.started_at,
            models.WATCHES.c.reported_at).order_by(models.WATCHES.c.host))
        return [WatchProcess(*row) for row in rows]
