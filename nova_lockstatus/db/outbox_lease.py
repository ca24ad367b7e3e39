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

A process takes a free entry for :data:`LEASE` seconds, and renews the lease
while it delivers. Another process takes over when the lease has run out.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from nova_lockstatus.core import host_event
from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models
from nova_lockstatus.db import outbox

LEASE = 10
"""Seconds after which another process takes over from one that has died."""

_ENTRY = models.OUTBOX.c

_FREE = {'claimed_by': None, 'claimed_until': None}


@dataclasses.dataclass(frozen=True)
class OutboxEntry:
    """A change that is to be delivered to a sink.

    :param number: rises in the order of the changes
    :param sink: the name of the sink
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

    The changes of one host are delivered to a sink one after the other.

    :param owner: the id of the process
    :param sinks: the sinks that it delivers to
    :param without: the cells whose changes it does not take
    :returns: the entry, None where there is none
    :raises StoreNotSynced: when the tables do not exist
    :raises StoreUnreachable: when the database cannot be used
    """
    while True:
        entry = _find(store, sinks, without)
        if entry is None or _update(
                store, _ENTRY.number == entry.number, is_free(),
                claimed_by=owner, claimed_until=clock.in_seconds(LEASE)):
            return entry


def is_free() -> Any:
    """Return the SQL condition that no process has the lease of an entry."""
    return sa.or_(_ENTRY.claimed_until.is_(None),
                  _ENTRY.claimed_until < clock.now())


def _find(store: database.Store, sinks: Sequence[str],
          without: Collection[str]) -> OutboxEntry | None:
    earlier = models.OUTBOX.alias()
    with store.connect() as connection:
        row = connection.execute(
            sa.select(models.OUTBOX).where(
                _ENTRY.sink.in_(sinks), _ENTRY.cell.not_in(list(without)),
                is_free(),
                sa.or_(_ENTRY.not_before.is_(None),
                       _ENTRY.not_before <= clock.now()),
                ~sa.exists().where(
                    earlier.c.cell == _ENTRY.cell,
                    earlier.c.host == _ENTRY.host,
                    earlier.c.sink == _ENTRY.sink,
                    earlier.c.number < _ENTRY.number))
            .order_by(_ENTRY.number).limit(1)).first()
    if row is None:
        return None
    return OutboxEntry(
        row.number, row.sink, host_event.StatusChange(
            id=row.change_id,
            changed_at=row.changed_at.replace(tzinfo=datetime.timezone.utc),
            **{name: getattr(row, name) for name in outbox.CHANGE_COLUMNS}),
        row.last_server, row.tries)


def _is_held(owner: str, entry: OutboxEntry) -> Any:
    return sa.and_(_ENTRY.number == entry.number, _ENTRY.claimed_by == owner)


@database.retried
def _update(store: database.Store, *conditions: Any, **values: Any) -> bool:
    with store.connect() as connection:
        return bool(connection.execute(
            models.OUTBOX.update().where(*conditions).values(**values)
        ).rowcount)


def renew(store: database.Store, owner: str, entry: OutboxEntry) -> bool:
    """Keep the lease for another :data:`LEASE` seconds.

    :returns: whether the process still had it
    :raises StoreUnreachable: when the database cannot be used
    """
    return _update(store, _is_held(owner, entry),
                   claimed_until=clock.in_seconds(LEASE))


def checkpoint(store: database.Store, owner: str, entry: OutboxEntry,
               last_server: int) -> bool:
    """Record up to which server a change is delivered, and keep the lease.

    :param last_server: the id of the last server
    :returns: whether the process still had the lease
    :raises StoreUnreachable: when the database cannot be used
    """
    return _update(store, _is_held(owner, entry), last_server=last_server,
                   claimed_until=clock.in_seconds(LEASE))


def postpone(store: database.Store, owner: str, entry: OutboxEntry,
             seconds: float) -> None:
    """Give back the lease of an entry whose delivery has failed.

    :param seconds: the delay before the next try
    :raises StoreUnreachable: when the database cannot be used
    """
    _update(store, _is_held(owner, entry), tries=_ENTRY.tries + 1,
            not_before=clock.in_seconds(seconds), **_FREE)


def hand_over(store: database.Store, owner: str, entry: OutboxEntry) -> None:
    """Give back the lease, so that another process goes on.

    :raises StoreUnreachable: when the database cannot be used
    """
    _update(store, _is_held(owner, entry), **_FREE)


def release(store: database.Store, owner: str) -> None:
    """Give back all leases of a process.

    :raises StoreUnreachable: when the database cannot be used
    """
    _update(store, _ENTRY.claimed_by == owner, **_FREE)


@database.retried
def finish(store: database.Store, owner: str, entry: OutboxEntry) -> None:
    """Delete an entry that is delivered.

    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        connection.execute(models.OUTBOX.delete().where(
            _is_held(owner, entry)))
