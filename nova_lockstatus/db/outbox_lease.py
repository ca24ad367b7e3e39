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

"""Leases of outbox entries: which process delivers an entry.

A process takes a free entry for :data:`LEASE_SECONDS`, and renews the lease
while it delivers. Another process takes over when the lease has run out.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from nova_lockstatus.core import host_event
from nova_lockstatus.core import host_status
from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models
from nova_lockstatus.db import outbox

LEASE_SECONDS = 10
"""Seconds after which another process takes over from one that has died."""

_ENTRY = models.OUTBOX.c

_FREE = {'claimed_by': None, 'claimed_until': None}

MAX_CLAIM_ROWS = 20
"""The number of entries from which a claim takes the oldest, as those that are
due again are not found in the order of their changes."""


@dataclasses.dataclass(frozen=True)
class OutboxEntry:
    """A change that is to be delivered to a sink.

    :param number: rises in the order of the changes
    :param last_server: the id of the last server for which it was delivered,
        0 for none
    :param tries: how often the delivery has failed
    """

    number: int
    sink: str
    change: host_event.StatusChange
    last_server: int
    tries: int


def claim(store: database.Store, owner: str, sinks: Sequence[str],
          without: Collection[str] = ()) -> OutboxEntry | None:
    """Take the lease of the oldest entry that is free and due.

    Entries that are urgent come before all others. The changes of one host
    are delivered to a sink one after the other.

    :param owner: the id of the process
    :param without: the cells whose changes it does not take
    :returns: the entry, None where there is none
    """
    while True:
        entry = _find(store, sinks, without)
        if entry is None or _update(
                store, _ENTRY.number == entry.number, is_free(),
                claimed_by=owner, **_until_lease_ends()):
            return entry


def _until_lease_ends() -> dict[str, datetime.datetime]:
    end = clock.in_seconds(LEASE_SECONDS)
    return {'claimed_until': end, 'due_at': end}


def is_free() -> Any:
    """Return the SQL condition that no process has the lease of an entry."""
    return sa.or_(_ENTRY.claimed_until.is_(None),
                  _ENTRY.claimed_until < clock.now())


def _find(store: database.Store, sinks: Sequence[str],
          without: Collection[str]) -> OutboxEntry | None:
    with store.connect() as connection:
        rows = [row for sink in sinks
                for row in _find_rows(connection, sink, without)]
    if not rows:
        return None
    row = min(rows, key=_rank)
    return OutboxEntry(
        row.number, row.sink, host_event.StatusChange(
            id=row.change_id,
            changed_at=row.changed_at.replace(tzinfo=datetime.timezone.utc),
            **{name: getattr(row, name) for name in outbox.CHANGE_COLUMNS}),
        row.last_server, row.tries)


def _rank(row: Any) -> tuple[bool, int]:
    """Return the place of an entry among those that are due."""
    return (row.due_at != models.DUE_FIRST
            and row.new not in host_status.URGENT, row.number)


def _find_rows(connection: Any, sink: str, without: Collection[str]
               ) -> list[Any]:
    """Find the first entries without a try, and those that are due again.

    Both are at the beginning of a range of the index, however many entries
    wait or are postponed, and those that are urgent are before the others.
    What due_at says is checked, as older releases do not write it.

    In one statement, as a union of the two, MariaDB takes ten times as long
    where 100,000 entries wait.
    """
    earlier = models.OUTBOX.alias()
    statement = sa.select(models.OUTBOX).where(
        _ENTRY.sink == sink, is_free(),
        sa.or_(_ENTRY.not_before.is_(None), _ENTRY.not_before <= clock.now()),
        ~sa.exists().where(
            earlier.c.sink == sink, earlier.c.cell == _ENTRY.cell,
            earlier.c.host == _ENTRY.host,
            earlier.c.number < _ENTRY.number)).limit(MAX_CLAIM_ROWS)
    if without:
        statement = statement.where(_ENTRY.cell.not_in(list(without)))
    return [
        *connection.execute(statement.where(_ENTRY.due_at <= models.DUE_NOW)
                            .order_by(_ENTRY.due_at, _ENTRY.number)),
        *connection.execute(statement.where(
            _ENTRY.due_at > models.DUE_NOW, _ENTRY.due_at <= clock.now())
            .order_by(_ENTRY.due_at, _ENTRY.number))]


def _is_held(owner: str, entry: OutboxEntry) -> Any:
    return sa.and_(_ENTRY.number == entry.number, _ENTRY.claimed_by == owner)


@database.retried
def _update(store: database.Store, *conditions: Any, **values: Any) -> bool:
    with store.connect() as connection:
        return bool(connection.execute(
            models.OUTBOX.update().where(*conditions).values(**values)
        ).rowcount)


def renew(store: database.Store, owner: str, entry: OutboxEntry) -> bool:
    """Keep the lease for another :data:`LEASE_SECONDS`.

    :returns: whether the process still had it
    """
    return _update(store, _is_held(owner, entry), **_until_lease_ends())


def checkpoint(store: database.Store, owner: str, entry: OutboxEntry,
               last_server: int) -> bool:
    """Record up to which server a change is delivered, and keep the lease.

    :returns: whether the process still had the lease
    """
    return _update(store, _is_held(owner, entry), last_server=last_server,
                   **_until_lease_ends())


def postpone(store: database.Store, owner: str, entry: OutboxEntry,
             seconds: float) -> None:
    """Give back the lease of an entry whose delivery has failed.

    :param seconds: the delay before the next try
    """
    time = clock.in_seconds(seconds)
    _update(store, _is_held(owner, entry), tries=_ENTRY.tries + 1,
            not_before=time, due_at=time, **_FREE)


def hand_over(store: database.Store, owner: str, entry: OutboxEntry) -> None:
    """Give back the lease, so that another process goes on."""
    _update(store, _is_held(owner, entry),
            due_at=outbox.due_at(outbox.is_urgent(entry.change)), **_FREE)


def release(store: database.Store, owner: str) -> None:
    """Give back all leases of a process."""
    _update(store, _ENTRY.claimed_by == owner,
            due_at=outbox.due_at_by_status(), **_FREE)


@database.retried
def finish(store: database.Store, owner: str, entry: OutboxEntry) -> None:
    """Delete an entry that is delivered, and have its host's next one due."""
    cell, host = entry.change.cell, entry.change.host
    with store.connect() as connection:
        # A change that is recorded meanwhile would wait for this one.
        outbox.lock_host(connection, cell, host)
        connection.execute(models.OUTBOX.delete().where(
            _is_held(owner, entry)))
        number, due_at = connection.execute(
            sa.select(sa.func.min(_ENTRY.number),
                      # That of the most urgent one, which waits for it.
                      sa.func.min(outbox.due_at_by_status())).where(
                outbox.is_of(entry.sink, cell, host))).one()
        connection.execute(models.OUTBOX.update().where(
            _ENTRY.number == number, _ENTRY.due_at == models.DUE_NEVER)
            .values(due_at=due_at))
