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

"""Takes out of the outbox what nobody is to be told any more."""

from __future__ import annotations

import collections
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models
from nova_lockstatus.db import outbox_lease

DELETE_BATCH = 500
"""How many changes a transaction takes out."""

_ENTRY = models.OUTBOX.c


def expire(store: database.Store, pattern: str, seconds: float,
           stop: threading.Event) -> Mapping[str, int]:
    """Take out what is too old to be told, unless somebody tells it.

    :param store: the store
    :param pattern: what their sinks look like, for SQL's LIKE
    :param seconds: since the change
    :param stop: when it is set, the rest is left
    :returns: how many changes that were, by the sink
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    return _take_out(store, stop, _ENTRY.sink.like(pattern),
                     _ENTRY.changed_at < clock.in_seconds(-seconds))


def keep_newest(store: database.Store, sink: str, most: int,
                stop: threading.Event) -> int:
    """Take out the oldest changes where too many wait.

    :param store: the store
    :param sink: to whom they were to be told
    :param most: how many can wait
    :param stop: when it is set, the rest is left
    :returns: how many changes were taken out
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        number = connection.execute(
            sa.select(_ENTRY.number).where(_ENTRY.sink == sink)
            .order_by(_ENTRY.number.desc()).limit(1).offset(most)).scalar()
    if number is None:
        return 0
    return sum(_take_out(store, stop, _ENTRY.sink == sink,
                         _ENTRY.number <= number).values())


def _take_out(store: database.Store, stop: threading.Event, *conditions: Any
              ) -> Mapping[str, int]:
    taken: collections.Counter[str] = collections.Counter()
    while not stop.is_set():
        # By their numbers: a DELETE that has to search would lock in MariaDB
        # what it has searched, and hold up those who write changes down.
        with store.connect() as connection:
            found = connection.execute(
                sa.select(_ENTRY.sink, _ENTRY.number)
                .where(*conditions, outbox_lease.is_free())
                .order_by(_ENTRY.number).limit(DELETE_BATCH)).all()
        numbers = collections.defaultdict(list)
        for sink, number in found:
            numbers[sink].append(number)
        for sink in numbers:
            taken[sink] += _delete(store, numbers[sink])
        if len(found) < DELETE_BATCH:
            break
    return +taken


@database.retried  # type: ignore[untyped-decorator,unused-ignore]
def _delete(store: database.Store, numbers: Sequence[int]) -> int:
    with store.connect() as connection:
        return int(connection.execute(models.OUTBOX.delete().where(
            _ENTRY.number.in_(numbers), outbox_lease.is_free())).rowcount)
