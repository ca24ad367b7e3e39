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
until all have been told. Who tells it has a lease, which others wait for.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import api as db_api
from oslo_db import exception as db_exception

from nova_lockstatus.announce import change as changes
from nova_lockstatus.store import database
from nova_lockstatus.store import models

LEASE = 10
"""Seconds after which another one takes over from one that has died."""

SOME = 100
"""How many changes a statement takes out."""

_HOST = models.HOSTS.c
_OWED = models.OUTBOX.c

_FACTS = ('cell', 'host', 'old', 'new', 'request_id', 'user_id', 'project_id')


@dataclasses.dataclass(frozen=True)
class Owed:
    """A change that is to be told, and that one has a lease of.

    :param number: in the order of the changes
    :param sink: to whom
    :param change: the change
    :param last_server: the id of the last server that was told, 0 for none
    :param tries: how often it has failed
    """

    number: int
    sink: str
    change: changes.Change
    last_server: int
    tries: int


class Overtaken(Exception):
    """The host was not known to be what the change begins with."""


_retried = db_api.wrap_db_retry(max_retries=10, retry_on_deadlock=True,
                                retry_interval=0.05, inc_retry_interval=False)
_retried_if_new = db_api.wrap_db_retry(
    max_retries=10, retry_on_deadlock=True, retry_interval=0.05,
    inc_retry_interval=False,
    exception_checker=lambda error: isinstance(
        error.__cause__, db_exception.DBDuplicateEntry))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def _in_seconds(seconds: float) -> datetime.datetime:
    return _now() + datetime.timedelta(seconds=seconds)


def _is(cell: str, host: str) -> Any:
    return sa.and_(_HOST.cell == cell, _HOST.host == host)


@_retried_if_new  # type: ignore[untyped-decorator,unused-ignore]
def record(store: database.Store, change: changes.Change,
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
    :raises Overtaken: when a call has changed what the host was not known to
        be: look at it
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
                raise Overtaken
            connection.execute(
                models.HOSTS.update().where(_is(change.cell, change.host))
                .values(status=change.new, version=_HOST.version + 1,
                        changed_at=changed_at))
        facts = {name: getattr(change, name) for name in _FACTS}
        for sink in sinks:
            connection.execute(models.OUTBOX.insert().values(
                change_id=change.id, sink=sink, changed_at=changed_at,
                last_server=0, tries=0, **facts))
    return True


def claim(store: database.Store, owner: str, sinks: Sequence[str]
          ) -> Owed | None:
    """Take the oldest change that nobody tells, for :data:`LEASE` seconds.

    Changes of one host are told one after the other.

    :param store: the store
    :param owner: who takes it
    :param sinks: those that it can tell
    :returns: the change, None where there is nothing to do
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    while True:
        found = _find(store, sinks)
        if found is None:
            return None
        if _set(store, _OWED.number == found.number, _is_free(),
                claimed_by=owner, claimed_until=_in_seconds(LEASE)):
            return found


def _is_free() -> Any:
    return sa.or_(_OWED.claimed_until.is_(None),
                  _OWED.claimed_until < _now())


def _find(store: database.Store, sinks: Sequence[str]) -> Owed | None:
    earlier = models.OUTBOX.alias()
    with store.connect() as connection:
        row = connection.execute(
            sa.select(models.OUTBOX).where(
                _OWED.sink.in_(sinks), _is_free(),
                sa.or_(_OWED.not_before.is_(None),
                       _OWED.not_before <= _now()),
                ~sa.exists().where(
                    earlier.c.cell == _OWED.cell,
                    earlier.c.host == _OWED.host,
                    earlier.c.sink == _OWED.sink,
                    earlier.c.number < _OWED.number))
            .order_by(_OWED.number).limit(1)).first()
    if row is None:
        return None
    return Owed(
        row.number, row.sink, changes.Change(
            id=row.change_id,
            changed_at=row.changed_at.replace(tzinfo=datetime.timezone.utc),
            **{name: getattr(row, name) for name in _FACTS}),
        row.last_server, row.tries)


@_retried  # type: ignore[untyped-decorator,unused-ignore]
def _set(store: database.Store, *conditions: Any, **values: Any) -> bool:
    with store.connect() as connection:
        return bool(connection.execute(
            models.OUTBOX.update().where(*conditions).values(**values)
        ).rowcount)


def renew(store: database.Store, owner: str, owed: Owed) -> bool:
    """Keep the lease for another :data:`LEASE` seconds.

    :param store: the store
    :param owner: who has it
    :param owed: the change
    :returns: whether it is still theirs
    :raises StoreUnreachable: when the database cannot be used
    """
    return bool(_set(store, _OWED.number == owed.number,
                     _OWED.claimed_by == owner,
                     claimed_until=_in_seconds(LEASE)))


def note(store: database.Store, owner: str, owed: Owed, last_server: int
         ) -> bool:
    """Write down how far it is, and keep the lease.

    :param store: the store
    :param owner: who has it
    :param owed: the change
    :param last_server: the id of the last server that was told
    :returns: whether it is still theirs
    :raises StoreUnreachable: when the database cannot be used
    """
    return bool(_set(store, _OWED.number == owed.number,
                     _OWED.claimed_by == owner, last_server=last_server,
                     claimed_until=_in_seconds(LEASE)))


def postpone(store: database.Store, owner: str, owed: Owed, seconds: float
             ) -> None:
    """Give back what has failed.

    :param store: the store
    :param owner: who has it
    :param owed: the change
    :param seconds: after which it is tried again
    :raises StoreUnreachable: when the database cannot be used
    """
    _set(store, _OWED.number == owed.number, _OWED.claimed_by == owner,
         tries=_OWED.tries + 1, not_before=_in_seconds(seconds),
         claimed_by=None, claimed_until=None)


def hand_over(store: database.Store, owner: str, owed: Owed) -> None:
    """Give back what another one is to go on with.

    :param store: the store
    :param owner: who has it
    :param owed: the change
    :raises StoreUnreachable: when the database cannot be used
    """
    _set(store, _OWED.number == owed.number, _OWED.claimed_by == owner,
         claimed_by=None, claimed_until=None)


def release(store: database.Store, owner: str) -> None:
    """Give back all that one has.

    :param store: the store
    :param owner: who has it
    :raises StoreUnreachable: when the database cannot be used
    """
    _set(store, _OWED.claimed_by == owner, claimed_by=None,
         claimed_until=None)


@_retried  # type: ignore[untyped-decorator,unused-ignore]
def finish(store: database.Store, owner: str, owed: Owed) -> None:
    """Take out what was told.

    :param store: the store
    :param owner: who has it
    :param owed: the change
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        connection.execute(models.OUTBOX.delete().where(
            _OWED.number == owed.number, _OWED.claimed_by == owner))


def expire(store: database.Store, sink: str, seconds: float) -> int:
    """Take out what is too old to be told, unless somebody tells it.

    :param store: the store
    :param sink: to whom it was to be told
    :param seconds: since the change
    :returns: how many changes that were
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    return _take_out(store, _OWED.sink == sink,
                     _OWED.changed_at < _in_seconds(-seconds))


def expire_others(store: database.Store, pattern: str,
                  sinks: Sequence[str], seconds: float) -> int:
    """Take out what is too old, and to be told to nobody who is known.

    :param store: the store
    :param pattern: what their sinks look like, for SQL's LIKE
    :param sinks: which of these are known
    :param seconds: since the change
    :returns: how many changes that were
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    return _take_out(store, _OWED.sink.like(pattern),
                     _OWED.sink.not_in(sinks),
                     _OWED.changed_at < _in_seconds(-seconds))


def keep_newest(store: database.Store, sink: str, most: int) -> int:
    """Take out the oldest changes where too many wait.

    :param store: the store
    :param sink: to whom they were to be told
    :param most: how many can wait
    :returns: how many changes were taken out
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        number = connection.execute(
            sa.select(_OWED.number).where(_OWED.sink == sink)
            .order_by(_OWED.number.desc()).limit(1).offset(most)).scalar()
    if number is None:
        return 0
    return _take_out(store, _OWED.sink == sink, _OWED.number <= number)


def _take_out(store: database.Store, *conditions: Any) -> int:
    # By their numbers: a DELETE that has to search would lock in MariaDB what
    # it has searched, and hold up those who write changes down.
    with store.connect() as connection:
        numbers = list(connection.execute(
            sa.select(_OWED.number).where(*conditions, _is_free())).scalars())
    return sum(_delete(store, numbers[start:start + SOME])
               for start in range(0, len(numbers), SOME))


@_retried  # type: ignore[untyped-decorator,unused-ignore]
def _delete(store: database.Store, numbers: Sequence[int]) -> int:
    with store.connect() as connection:
        return int(connection.execute(models.OUTBOX.delete().where(
            _OWED.number.in_(numbers), _is_free())).rowcount)


@dataclasses.dataclass(frozen=True)
class Signs:
    """By what one sees whether there is something new in the store.

    :param hosts: differs whenever the status of a known host has changed
    :param owed: how many changes are to be told
    """

    hosts: int
    owed: int


def read_signs(store: database.Store) -> Signs:
    """See whether there is something new, with one statement.

    :param store: the store
    :returns: the signs
    :raises StoreNotSynced: when the tables are not there
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        hosts, owed = connection.execute(sa.select(
            sa.select(sa.func.sum(_HOST.version)).scalar_subquery(),
            sa.select(sa.func.count(_OWED.number)).scalar_subquery())).one()
    return Signs(int(hosts or 0), owed)


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
        statement = statement.where(_OWED.change_id == change_id)
    if sinks is not None:
        statement = statement.where(_OWED.sink.in_(sinks))
    with store.connect() as connection:
        return int(connection.execute(statement).scalar_one())
