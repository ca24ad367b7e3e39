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

"""Deletes entries of the outbox that are not to be delivered any more."""

from __future__ import annotations

import collections
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models
from nova_lockstatus.db import outbox
from nova_lockstatus.db import outbox_lease

DELETE_BATCH_SIZE = 500
"""The number of entries that one transaction deletes."""

_ENTRY = models.OUTBOX.c


def expire(store: database.Store, pattern: str, seconds: float,
           stop: threading.Event) -> Mapping[str, int]:
    """Delete the entries of old changes, except those with a lease.

    :param pattern: matches their sinks, as for SQL's LIKE
    :param seconds: the age of the changes
    :returns: the number of entries, by sink
    """
    return _delete_batches(store, stop, _ENTRY.sink.like(pattern),
                           _ENTRY.changed_at < clock.in_seconds(-seconds))


def keep_newest(store: database.Store, sink: str, most: int,
                stop: threading.Event) -> int:
    """Delete the oldest entries of a sink that has too many.

    :param most: the number of entries that may wait
    """
    with store.connect() as connection:
        number = connection.execute(
            sa.select(_ENTRY.number).where(_ENTRY.sink == sink)
            .order_by(_ENTRY.number.desc()).limit(1).offset(most)).scalar()
    if number is None:
        return 0
    return sum(_delete_batches(store, stop, _ENTRY.sink == sink,
                               _ENTRY.number <= number).values())


def wake(store: database.Store) -> None:
    """Have the first entry of each host due if it waits for one that is gone.

    An entry before it was deleted here, or finished by an older release.
    """
    heads = sa.select(sa.func.min(_ENTRY.number).label('number')).group_by(
        _ENTRY.sink, _ENTRY.cell, _ENTRY.host).subquery()
    with store.connect() as connection:
        numbers = connection.execute(
            sa.select(_ENTRY.number)
            .join(heads, heads.c.number == _ENTRY.number)
            .where(_ENTRY.due_at == models.DUE_NEVER)).scalars().all()
    for start in range(0, len(numbers), DELETE_BATCH_SIZE):
        _wake(store, numbers[start:start + DELETE_BATCH_SIZE])


@database.retried
def _wake(store: database.Store, numbers: Sequence[int]) -> None:
    with store.connect() as connection:
        connection.execute(models.OUTBOX.update().where(
            _ENTRY.number.in_(numbers), _ENTRY.due_at == models.DUE_NEVER)
            .values(due_at=outbox.due_at_by_status()))


def _delete_batches(store: database.Store, stop: threading.Event,
                    *conditions: Any) -> Mapping[str, int]:
    deleted: collections.Counter[str] = collections.Counter()
    while not stop.is_set():
        # By their numbers: in MariaDB a DELETE locks all rows that it
        # searches, which would hold up the processes that record changes.
        with store.connect() as connection:
            found = connection.execute(
                sa.select(_ENTRY.sink, _ENTRY.number)
                .where(*conditions, outbox_lease.is_free())
                .order_by(_ENTRY.number).limit(DELETE_BATCH_SIZE)).all()
        numbers = collections.defaultdict(list)
        for sink, number in found:
            numbers[sink].append(number)
        for sink in numbers:
            deleted[sink] += _delete(store, numbers[sink])
        if len(found) < DELETE_BATCH_SIZE:
            break
    return +deleted


@database.retried
def _delete(store: database.Store, numbers: Sequence[int]) -> int:
    with store.connect() as connection:
        return int(connection.execute(models.OUTBOX.delete().where(
            _ENTRY.number.in_(numbers), outbox_lease.is_free())).rowcount)
