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

"""Who tells a change that is in the outbox.

They have a lease, which others wait for.
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
"""Seconds after which another one takes over from one that has died."""

_ENTRY = models.OUTBOX.c


@dataclasses.dataclass(frozen=True)
class OutboxEntry:
    """A change that is to be told, and that one has a lease of.

    :param number: in the order of the changes
    :param sink: to whom
    :param change: the change
    :param last_server: the id of the last server that was told, 0 for none
    :param tries: how often it has failed
    """

    number: int
    sink: str
    change: host_event.StatusChange
    last_server: int
    tries: int


def claim(store: database.Store, owner: str, sinks: Sequence[str],
          without: Collection[str] = ()) -> OutboxEntry | None:
    """Take the oldest change that nobody tells, for :data:`LEASE` seconds.

    Changes of one host are told one after the other.

    :param store: the store
    :param owner: who takes it
    :param sinks: those that it can tell
    :param without: the cells whose changes it does not take
    :returns: the change, None where there is nothing to do
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    while True:
        found = _find(store, sinks, without)
        if found is None:
            return None
        if _set(store, _ENTRY.number == found.number, is_free(),
                claimed_by=owner, claimed_until=clock.in_seconds(LEASE)):
            return found


def is_free() -> Any:
    """Return the condition of SQL that nobody has the lease of a change."""
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


def _is_held_by(owner: str, entry: OutboxEntry) -> tuple[Any, Any]:
    return _ENTRY.number == entry.number, _ENTRY.claimed_by == owner


@database.retried  # type: ignore[untyped-decorator,unused-ignore]
def _set(store: database.Store, *conditions: Any, **values: Any) -> bool:
    with store.connect() as connection:
        return bool(connection.execute(
            models.OUTBOX.update().where(*conditions).values(**values)
        ).rowcount)


def _keep(store: database.Store, owner: str, entry: OutboxEntry, **values: Any
          ) -> bool:
    return bool(_set(store, *_is_held_by(owner, entry),
                     claimed_until=clock.in_seconds(LEASE), **values))


def renew(store: database.Store, owner: str, entry: OutboxEntry) -> bool:
    """Keep the lease for another :data:`LEASE` seconds.

    :param store: the store
    :param owner: who has it
    :param entry: the change
    :returns: whether it is still theirs
    :raises StoreUnreachable: when the database cannot be used
    """
    return _keep(store, owner, entry)


def checkpoint(store: database.Store, owner: str, entry: OutboxEntry,
               last_server: int) -> bool:
    """Write down how far it is, and keep the lease.

    :param store: the store
    :param owner: who has it
    :param entry: the change
    :param last_server: the id of the last server that was told
    :returns: whether it is still theirs
    :raises StoreUnreachable: when the database cannot be used
    """
    return _keep(store, owner, entry, last_server=last_server)


def postpone(store: database.Store, owner: str, entry: OutboxEntry,
             seconds: float) -> None:
    """Give back what has failed.

    :param store: the store
    :param owner: who has it
    :param entry: the change
    :param seconds: after which it is tried again
    :raises StoreUnreachable: when the database cannot be used
    """
    _set(store, *_is_held_by(owner, entry), tries=_ENTRY.tries + 1,
         not_before=clock.in_seconds(seconds), claimed_by=None,
         claimed_until=None)


def hand_over(store: database.Store, owner: str, entry: OutboxEntry) -> None:
    """Give back what another one is to go on with.

    :param store: the store
    :param owner: who has it
    :param entry: the change
    :raises StoreUnreachable: when the database cannot be used
    """
    _set(store, *_is_held_by(owner, entry), claimed_by=None,
         claimed_until=None)


def release(store: database.Store, owner: str) -> None:
    """Give back all that one has.

    :param store: the store
    :param owner: who has it
    :raises StoreUnreachable: when the database cannot be used
    """
    _set(store, _ENTRY.claimed_by == owner, claimed_by=None,
         claimed_until=None)


@database.retried  # type: ignore[untyped-decorator,unused-ignore]
def finish(store: database.Store, owner: str, entry: OutboxEntry) -> None:
    """Take out what was told.

    :param store: the store
    :param owner: who has it
    :param entry: the change
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        connection.execute(models.OUTBOX.delete().where(
            *_is_held_by(owner, entry)))
