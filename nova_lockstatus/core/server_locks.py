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

"""How the locks of a server come, change and go.

Each caller has one lock of a server at the most. The strictest of the level
``change`` is the lock in force: Nova's columns ``locked`` and ``locked_by``
and Nova's reason are those of it. A pipeline without os-server-locks, and
stock Nova, only know these: what they have written since is taken from there.
"""

import dataclasses
import datetime
import uuid as uuids
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from nova_lockstatus import exception
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_lock
from nova_lockstatus.core.lock_record import LockRecord

UNKNOWN_TIME = datetime.datetime(1970, 1, 1)
"""Since when a lock is there of which no record tells it."""

ADD_LOCK = 'add_lock'
LIFT_LOCK = 'lift_lock'
"""The instance actions that do not change whether a server is locked. Since
when it is locked is read from Nova's own two."""

ACTIONS = ('lock', 'unlock', ADD_LOCK, LIFT_LOCK)
"""The instance actions of all changes of locks."""

_NAMESPACE = uuids.UUID('5b0b1d0c-2f52-4cf0-9f0c-3c1a3a0d6c55')

SERVER_PART = 8
"""How much of a server's UUID the id of its lock begins with: the first group,
by which a database finds the few servers that have it in the index."""


class Caller(NamedTuple):
    """Who locks or unlocks a server.

    :param holder: ``owner`` or ``admin``
    """

    holder: str
    user_id: str | None
    project_id: str | None


class Maker(NamedTuple):
    """Who made the lock in force, where only Nova's own records tell it.

    :param since: when, in UTC, without a time zone
    """

    since: datetime.datetime | None = None
    user_id: str | None = None


def new_id(server_id: str) -> str:
    """Make the id of a new lock of a server.

    :returns: a UUID by which :func:`server_part` finds the server
    """
    return _of(server_id, uuids.uuid4())


def server_part(lock_id: str) -> str:
    """Return how the UUID of a server begins that has a lock.

    :param lock_id: the id of the lock, a UUID
    """
    return lock_id[:SERVER_PART]


def _of(server_id: str, unique: uuids.UUID) -> str:
    return server_id[:SERVER_PART] + str(unique)[SERVER_PART:]


def in_force(records: Sequence[LockRecord]) -> server_lock.Lock:
    """Return the lock that Nova is to know of.

    :param records: the locks of a server
    """
    for record in lock_record.strictest_first(records):
        if record.level == lock_record.CHANGE:
            return server_lock.Lock(record.locked_by, record.reason)
    return server_lock.UNLOCKED


def reconcile(server_id: str, stored: Sequence[LockRecord],
              current: server_lock.Lock,
              read_maker: Callable[[], Maker] = Maker) -> list[LockRecord]:
    """Bring stored locks into line with the lock that Nova has.

    :param server_id: the UUID of the server
    :param stored: its locks as they were written last
    :param current: the lock in Nova's columns, which another pipeline may
        have changed since
    :param read_maker: reads who made it; called where no stored lock tells
    :returns: the locks, the strictest first
    """
    known = in_force(stored)
    ordered = lock_record.strictest_first(stored)
    if current == known:
        return ordered
    protections = [record for record in ordered
                   if record.level != lock_record.CHANGE]
    if current.locked_by is None:
        return protections
    changes = [record for record in ordered if record not in protections]
    if current.locked_by == known.locked_by:
        # Nova has one lock, and a further call has replaced its reason.
        changes[0] = dataclasses.replace(changes[0], reason=current.reason)
        return lock_record.strictest_first(changes + protections)
    if known.locked_by == server_lock.ADMIN:
        # An owner cannot lock over an admin: it was unlocked in between.
        changes = []
    maker = read_maker()
    return lock_record.strictest_first([LockRecord(
        id=_of(server_id, uuids.uuid5(_NAMESPACE, server_id)),
        scope=lock_record.SERVER, scope_id=server_id, level=lock_record.CHANGE,
        locked_by=current.locked_by, user_id=maker.user_id, project_id=None,
        reason=current.reason, origin=None, since=maker.since or UNKNOWN_TIME,
        until=None), *changes, *protections])


def own(records: Sequence[LockRecord], caller: Caller) -> LockRecord | None:
    """Find the lock that a caller has made.

    :returns: the lock, None where the caller has none
    """
    for record in records:
        # Nova's records do not tell from which project a lock was made.
        if (record.user_id is not None and record.user_id == caller.user_id
                and record.project_id in (None, caller.project_id)
                and record.locked_by == caller.holder):
            return record
    return None


def lock(records: Sequence[LockRecord], caller: Caller,
         given: Mapping[str, Any], now: datetime.datetime, new: LockRecord
         ) -> list[LockRecord] | None:
    """Add a caller's lock, or change the one that the caller has.

    :param records: the locks of the server
    :param given: the fields that the caller gives a value: ``reason``,
        ``until``, ``release``, ``level``, ``origin``. Others stay as they are
    :param now: the time in UTC, without a time zone
    :param new: the lock that a caller gets who has none, without these fields
    :returns: the locks after it; None where nothing changes
    :raises InvalidLock: when the lock would be lifted at its end and has
        none, or the end that is given has come by now
    """
    before = own(records, caller)
    after = dataclasses.replace(
        before or new, project_id=caller.project_id, **given)
    if given.get('until') is not None and lock_record.is_expired(after, now):
        raise exception.InvalidLock(problem='locked_until is in the past')
    if after.release and after.until is None:
        if given.get('release'):
            raise exception.InvalidLock(
                problem='release needs locked_until: the lock has no end')
        after = dataclasses.replace(after, release=False)
    if before is None:
        return lock_record.strictest_first([*records, after])
    if after == before and caller.holder == server_lock.OWNER:
        return None
    return lock_record.strictest_first(
        [after if record is before else record for record in records])


def to_lift(records: Sequence[LockRecord], caller: Caller
            ) -> LockRecord | None:
    """Choose the lock that an unlock lifts.

    :returns: the caller's own lock, else the strictest, None where there is
        none
    """
    ordered = lock_record.strictest_first(records)
    return own(ordered, caller) or next(iter(ordered), None)


def needs_override(record: LockRecord | None, caller: Caller) -> bool:
    """Tell whether lifting a lock needs the rule ``unlock:unlock_override``.

    :param record: the lock, or None
    """
    return record is not None and record.locked_by != caller.holder


def standing(records: Sequence[LockRecord], now: datetime.datetime
             ) -> list[LockRecord]:
    """Return the locks without those that are lifted by now, in their order.

    :param now: the time in UTC, without a time zone
    """
    return [record for record in records if lock_record.stands(record, now)]


def action_of_lock(before: server_lock.Lock, record: LockRecord | None,
                   after: Sequence[LockRecord]) -> str:
    """Name the instance action of a lock.

    :param before: the lock that Nova had
    :param record: the caller's lock after it
    :param after: all locks after it
    :returns: Nova's ``lock`` where the lock in force is another or the
        caller's, :data:`ADD_LOCK` where only the plugin knows of the change
    """
    strictest = lock_record.strictest_first(after)[0]
    is_in_force = (strictest is record
                   and strictest.level == lock_record.CHANGE)
    return 'lock' if is_in_force or in_force(after) != before else ADD_LOCK


def action_of_unlock(before: server_lock.Lock, after: server_lock.Lock
                     ) -> str:
    """Name the instance action of an unlock.

    :param before: the lock that Nova had
    :param after: the lock that Nova has
    :returns: Nova's ``unlock`` where the server is unlocked now,
        :data:`LIFT_LOCK` where another lock is left or only the plugin knows
        of the change
    """
    if after == server_lock.UNLOCKED and before != after:
        return 'unlock'
    return LIFT_LOCK
