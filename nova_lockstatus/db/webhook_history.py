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

"""The record of the events that were posted to webhooks, for a replay."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models

PAGE_SIZE = 500
"""The number of events that one statement reads, or one transaction deletes.
"""

_EVENT = models.WEBHOOK_EVENTS.c


class PostedEvent(NamedTuple):
    """An event that a webhook has taken or refused.

    :param number: rises in the order in which events were posted
    :param status: the HTTP status of the answer
    :param posted_at: when the answer came, in UTC without a time zone
    :param event: in JSON
    """

    number: int
    status: int
    posted_at: datetime.datetime
    event: str


@database.retried
def record(store: database.Store, name: str, status: int,
           events: Sequence[str]) -> None:
    """Record the events of one POST, with one statement.

    :param status: the HTTP status of the answer
    :param events: in JSON
    """
    posted_at = clock.now()
    with store.connect() as connection:
        connection.execute(models.WEBHOOK_EVENTS.insert().values([
            {'name': name, 'status': status, 'posted_at': posted_at,
             'event': event} for event in events]))


def read(store: database.Store, name: str, since: datetime.datetime
         ) -> Iterator[list[PostedEvent]]:
    """Read the events that were posted to a webhook since a time.

    :param since: in UTC, without a time zone
    :returns: pages of :data:`PAGE_SIZE` events, in the order in which they
        were posted
    """
    last = 0
    while True:
        with store.connect() as connection:
            page = [PostedEvent(*row) for row in connection.execute(
                sa.select(_EVENT.number, _EVENT.status, _EVENT.posted_at,
                          _EVENT.event)
                .where(_EVENT.name == name, _EVENT.number > last,
                       _EVENT.posted_at >= since)
                .order_by(_EVENT.number).limit(PAGE_SIZE))]
        if page:
            last = page[-1].number
            yield page
        if len(page) < PAGE_SIZE:
            return


def count(store: database.Store) -> dict[str, int]:
    """Count the events of each webhook that has any, by its name."""
    with store.connect() as connection:
        # NOTE: dict() takes a result for a mapping, as it has keys().
        return dict(connection.execute(
            sa.select(_EVENT.name, sa.func.count())
            .group_by(_EVENT.name)).all())


def expire(store: database.Store, seconds: float, stop: threading.Event
           ) -> int:
    """Delete the events that were posted too long ago.

    :param seconds: for how long they are kept
    :returns: how many are deleted
    """
    return _delete(store, stop, _EVENT.posted_at <= clock.in_seconds(-seconds))


def keep_newest(store: database.Store, most: int, stop: threading.Event
                ) -> int:
    """Delete the oldest events of each webhook that has too many.

    :param most: how many are kept for one webhook
    :returns: how many are deleted
    """
    deleted = 0
    for name, number in count(store).items():
        if number <= most:
            continue
        with store.connect() as connection:
            newest = connection.execute(
                sa.select(_EVENT.number).where(_EVENT.name == name)
                .order_by(_EVENT.number.desc()).limit(1).offset(most)
            ).scalar()
        if newest is not None:
            deleted += _delete(store, stop, _EVENT.name == name,
                               _EVENT.number <= newest)
    return deleted


def _delete(store: database.Store, stop: threading.Event, *conditions: Any
            ) -> int:
    deleted = 0
    while not stop.is_set():
        # By their numbers: in MariaDB a DELETE locks all rows that it
        # searches, which would hold up the processes that record events.
        with store.connect() as connection:
            numbers = connection.execute(
                sa.select(_EVENT.number).where(*conditions)
                .limit(PAGE_SIZE)).scalars().all()
        deleted += _delete_numbers(store, numbers)
        if len(numbers) < PAGE_SIZE:
            break
    return deleted


@database.retried
def _delete_numbers(store: database.Store, numbers: Sequence[int]) -> int:
    if not numbers:
        return 0
    with store.connect() as connection:
        return int(connection.execute(models.WEBHOOK_EVENTS.delete().where(
            _EVENT.number.in_(numbers))).rowcount)
