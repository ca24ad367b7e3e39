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

"""Which changes of hosts are to be told, and to whom.

A change is written down once, whoever has seen it, and stays in the outbox
until all sinks have been told. Who tells it:
:mod:`nova_lockstatus.db.outbox_lease`.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import api as db_api
from oslo_db import exception as db_exception

from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import models

CHANGE_COLUMNS = ('cell', 'host', 'old', 'new', 'request_id', 'user_id',
                  'project_id')
"""What a change has beside its id and its time, in columns of that name."""

_HOST = models.HOSTS.c
_ENTRY = models.OUTBOX.c


class VersionConflict(Exception):
    """The host was not known to be what the change begins with."""


_retried_if_new = db_api.wrap_db_retry(
    max_retries=10, retry_on_deadlock=True, retry_interval=0.05,
    inc_retry_interval=False,
    exception_checker=lambda error: isinstance(
        error.__cause__, db_exception.DBDuplicateEntry))


def _is(cell: str, host: str) -> Any:
    return sa.and_(_HOST.cell == cell, _HOST.host == host)


@_retried_if_new  # type: ignore[untyped-decorator,unused-ignore]
def record(store: database.Store, change: host_event.StatusChange,
           sinks: Sequence[str], version: int | None = None) -> bool:
    """Write down that a host has changed, and to whom that is to be told.

    What is written begins where the last change of the host has ended.

    :param store: the store
    :param change: the change
    :param sinks: to whom
    :param version: of what the host was known to be when it was looked at.
        None for a change that a call has just made
    :returns: whether it is written down. Otherwise another one has done that,
        or has written a later change
    :raises VersionConflict: when a call has changed what the host was not
        known to be: look at it
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        # Nobody else records a change of the host until the end of this.
        connection.execute(models.HOSTS.update()
                           .where(_is(change.cell, change.host))
                           .values(version=_HOST.version))
        known = connection.execute(
            sa.select(_HOST.status, _HOST.version)
            .where(_is(change.cell, change.host))).first()
        changed_at = change.changed_at.astimezone(
            datetime.timezone.utc).replace(tzinfo=None)
        if known is None:
            if version is not None:
                return False
            connection.execute(models.HOSTS.insert().values(
                cell=change.cell, host=change.host, status=change.new,
                version=1, changed_at=changed_at))
        else:
            if version not in (None, known.version):
                return False
            if known.status == change.new:
                return False
            if known.status != change.old:
                raise VersionConflict
            connection.execute(
                models.HOSTS.update().where(_is(change.cell, change.host))
                .values(status=change.new, version=_HOST.version + 1,
                        changed_at=changed_at))
        facts = {name: getattr(change, name) for name in CHANGE_COLUMNS}
        for sink in sinks:
            connection.execute(models.OUTBOX.insert().values(
                change_id=change.id, sink=sink, changed_at=changed_at,
                last_server=0, tries=0, **facts))
    return True


@dataclasses.dataclass(frozen=True)
class Revision:
    """By what one sees whether there is something new in the store.

    :param hosts: differs whenever the status of a known host has changed
    :param entries: how many changes are to be told
    """

    hosts: int
    entries: int


def read_revision(store: database.Store) -> Revision:
    """See whether there is something new, with one statement.

    :param store: the store
    :returns: the signs
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        hosts, entries = connection.execute(sa.select(
            sa.select(sa.func.sum(_HOST.version)).scalar_subquery(),
            sa.select(sa.func.count(_ENTRY.number)).scalar_subquery())).one()
    return Revision(int(hosts or 0), entries)


def count(store: database.Store, change_id: str | None = None,
          sinks: Sequence[str] | None = None) -> int:
    """Count what is to be told.

    :param store: the store
    :param change_id: of which change, None for all
    :param sinks: to whom, None for all
    :returns: how many changes, once for each whom they are to be told
    :raises StoreUnreachable: when the database cannot be used
    """
    statement = sa.select(sa.func.count()).select_from(models.OUTBOX)
    if change_id is not None:
        statement = statement.where(_ENTRY.change_id == change_id)
    if sinks is not None:
        statement = statement.where(_ENTRY.sink.in_(sinks))
    with store.connect() as connection:
        return int(connection.execute(statement).scalar_one())
