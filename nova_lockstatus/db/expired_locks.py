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

"""The locks that are recorded in the outbox as expired, each end once."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from nova_lockstatus.core import host_event
from nova_lockstatus.db import database
from nova_lockstatus.db import models
from nova_lockstatus.db import outbox

LOCKS_PER_TRANSACTION = 200
"""The number of locks that one transaction records."""

_LOCK = models.EXPIRED_LOCKS.c
_Item = TypeVar('_Item')


class Expiry(NamedTuple):
    """The end of a lock.

    :param change: the outbox entry, whose id is that of the lock
    :param ended_at: in UTC, without a time zone
    :param sinks: where it is to be delivered to
    """

    change: host_event.StatusChange
    ended_at: datetime.datetime
    sinks: Sequence[str]

    @property
    def key(self) -> tuple[str, datetime.datetime]:
        """Return what tells it apart from the others."""
        return self.change.id, self.ended_at


def record(store: database.Store, expiries: Sequence[Expiry]) -> int:
    """Record the ends of locks, each with an outbox entry for each sink.

    Those that are recorded already are left as they are.

    :returns: how many were not recorded before
    """
    return sum(_record(store, batch) for batch in _batches(expiries))


@database.retried
def _record(store: database.Store, expiries: Sequence[Expiry]) -> int:
    with store.connect() as connection:
        cells = {(row.lock_id, row.ended_at): row.cell
                 for row in connection.execute(
                     sa.select(models.EXPIRED_LOCKS).where(_LOCK.lock_id.in_(
                         [expiry.change.id for expiry in expiries])))}
        new = [expiry for expiry in expiries if expiry.key not in cells]
        for expiry in expiries:
            if cells.get(expiry.key, expiry.change.cell) != expiry.change.cell:
                # The server is in another cell by now.
                connection.execute(models.EXPIRED_LOCKS.update().where(
                    _LOCK.lock_id == expiry.change.id,
                    _LOCK.ended_at == expiry.ended_at,
                ).values(cell=expiry.change.cell))
        if new:
            # Where another process has recorded one of them meanwhile, that
            # fails, and all of this is done once more.
            connection.execute(models.EXPIRED_LOCKS.insert(), [
                {'lock_id': expiry.change.id, 'ended_at': expiry.ended_at,
                 'cell': expiry.change.cell} for expiry in new])
        entries = [outbox.values_of(expiry.change, sink)
                   for expiry in new for sink in expiry.sinks]
        if entries:
            connection.execute(models.OUTBOX.insert(), entries)
        return len(new)


def keep(store: database.Store, cell: str, lock_ids: Collection[str]) -> None:
    """Forget the locks of a cell that are not there any more.

    :param cell: the uuid of the cell
    :param lock_ids: the locks that are there
    """
    with store.connect() as connection:
        known = connection.execute(sa.select(_LOCK.lock_id).where(
            _LOCK.cell == cell)).scalars().all()
    for batch in _batches(sorted(set(known) - set(lock_ids))):
        _delete(store, cell, batch)


@database.retried
def _delete(store: database.Store, cell: str, lock_ids: Sequence[str]) -> None:
    with store.connect() as connection:
        connection.execute(models.EXPIRED_LOCKS.delete().where(
            _LOCK.cell == cell, _LOCK.lock_id.in_(lock_ids)))


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), LOCKS_PER_TRANSACTION):
        yield items[start:start + LOCKS_PER_TRANSACTION]
