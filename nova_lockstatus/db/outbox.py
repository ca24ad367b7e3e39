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

"""The outbox: changes of host status that are to be delivered to sinks.

A change is recorded once, whichever process finds it, with an entry for each
sink, which stays until the change is delivered to that sink. How a process
takes an entry to deliver it: :mod:`nova_lockstatus.db.outbox_lease`.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.db import database
from nova_lockstatus.db import models

CHANGE_COLUMNS = ('cell', 'host', 'old', 'new', 'request_id', 'user_id',
                  'project_id')
"""Attributes of a change that have a column of the same name."""

_HOST = models.HOSTS.c
_ENTRY = models.OUTBOX.c


class VersionConflict(Exception):
    """The known status of the host is not the old status of the change."""


@database.retried
def record(store: database.Store, change: host_event.StatusChange,
           sinks: Sequence[str], version: int | None = None) -> bool:
    """Record a change of a host, with an outbox entry for each sink.

    The old status of each change is the new status of the last one.

    :param version: the version of the host's known status on which the change
        is based. None for a change that a call has just made
    :returns: whether it is recorded. Otherwise another process has recorded
        it, or a later change
    :raises VersionConflict: when the known status is another one than the
        change begins with: read the status of the host again
    """
    changed_at = change.changed_at.astimezone(
        datetime.timezone.utc).replace(tzinfo=None)
    with store.connect() as connection:
        if not _set_status(connection, change, changed_at, version):
            return False
        values = {name: getattr(change, name) for name in CHANGE_COLUMNS}
        for sink, is_waiting in _are_waiting(connection, change, sinks):
            connection.execute(models.OUTBOX.insert().values(
                change_id=change.id, sink=sink, changed_at=changed_at,
                last_server=0, tries=0,
                due_at=(models.DUE_NEVER if is_waiting
                        else due_at(is_urgent(change))), **values))
            if is_waiting and is_urgent(change):
                # It would wait behind what is not urgent of other hosts.
                connection.execute(models.OUTBOX.update().where(
                    is_of(sink, change.cell, change.host),
                    _ENTRY.due_at == models.DUE_NOW).values(
                    due_at=models.DUE_FIRST))
    return True


def is_urgent(change: host_event.StatusChange) -> bool:
    """Tell whether a change is delivered before others."""
    return change.new in host_status.URGENT


def due_at(urgent: bool) -> datetime.datetime:
    """Return the value of due_at of an entry that can be delivered now."""
    return models.DUE_FIRST if urgent else models.DUE_NOW


def due_at_by_status() -> Any:
    """Return the SQL expression for that value."""
    return sa.case(
        (_ENTRY.new.in_(host_status.URGENT), _due(models.DUE_FIRST)),
        else_=_due(models.DUE_NOW))


def _due(value: datetime.datetime) -> Any:
    return sa.literal(value, models.moment())


def lock_host(connection: Any, cell: str, host: str) -> None:
    """Let no other process record or finish a change of a host.

    It ends with the transaction.
    """
    connection.execute(models.HOSTS.update().where(
        _HOST.cell == cell, _HOST.host == host).values(version=_HOST.version))


def is_of(sink: str, cell: str, host: str) -> Any:
    """Return the SQL condition for the entries of a host for a sink."""
    return sa.and_(_ENTRY.sink == sink, _ENTRY.cell == cell,
                   _ENTRY.host == host)


def _are_waiting(connection: Any, change: host_event.StatusChange,
                 sinks: Sequence[str]) -> Iterable[tuple[str, bool]]:
    """Yield each sink, and whether it has earlier entries of the host."""
    if not sinks:
        return ()
    found = connection.execute(sa.select(*(
        sa.exists().where(is_of(sink, change.cell, change.host))
        for sink in sinks))).one()
    return zip(sinks, map(bool, found), strict=True)


def _set_status(connection: Any, change: host_event.StatusChange,
                changed_at: datetime.datetime, version: int | None) -> bool:
    """Make the new status of a change the known status of its host.

    :returns: whether it is set. Otherwise another process has recorded this
        change, or a later one
    """
    is_host = sa.and_(_HOST.cell == change.cell, _HOST.host == change.host)
    lock_host(connection, change.cell, change.host)
    known = connection.execute(sa.select(_HOST.status, _HOST.version)
                               .where(is_host)).first()
    if known is None:
        if version is not None:
            return False
        connection.execute(models.HOSTS.insert().values(
            cell=change.cell, host=change.host, status=change.new,
            version=1, changed_at=changed_at))
        return True
    if version not in (None, known.version) or known.status == change.new:
        return False
    if known.status != change.old:
        raise VersionConflict
    connection.execute(models.HOSTS.update().where(is_host).values(
        status=change.new, version=_HOST.version + 1, changed_at=changed_at))
    return True


@dataclasses.dataclass(frozen=True)
class Revision:
    """Shows whether there is something new in the store.

    :param hosts: differs whenever the status of a known host has changed
    :param entries: the length of the outbox
    """

    hosts: int
    entries: int


def read_revision(store: database.Store) -> Revision:
    """Read the revision of the store, with one statement."""
    with store.connect() as connection:
        hosts, entries = connection.execute(sa.select(
            sa.select(sa.func.sum(_HOST.version)).scalar_subquery(),
            sa.select(sa.func.count(_ENTRY.number)).scalar_subquery())).one()
    return Revision(int(hosts or 0), entries)


def read_oldest(store: database.Store) -> dict[str, datetime.datetime]:
    """Read the time of the oldest change that waits, with one statement.

    :returns: the time in UTC, by the sink that the change is to be delivered
        to
    """
    with store.connect() as connection:
        return {sink: oldest.replace(tzinfo=datetime.timezone.utc)
                for sink, oldest in connection.execute(
                    sa.select(_ENTRY.sink, sa.func.min(_ENTRY.changed_at))
                    .group_by(_ENTRY.sink))}


def count_by_sink(store: database.Store) -> dict[str, int]:
    """Count the entries of each sink that has any, by its name."""
    with store.connect() as connection:
        # NOTE: dict() takes a result for a mapping, as it has keys().
        return dict(connection.execute(
            sa.select(_ENTRY.sink, sa.func.count())
            .group_by(_ENTRY.sink)).all())


def count(store: database.Store, change_id: str | None = None,
          sinks: Sequence[str] | None = None) -> int:
    """Count the entries of the outbox.

    :param change_id: those of one change, None for all
    :param sinks: those of some sinks, None for all
    """
    statement = sa.select(sa.func.count()).select_from(models.OUTBOX)
    if change_id is not None:
        statement = statement.where(_ENTRY.change_id == change_id)
    if sinks is not None:
        statement = statement.where(_ENTRY.sink.in_(sinks))
    with store.connect() as connection:
        return int(connection.execute(statement).scalar_one())
