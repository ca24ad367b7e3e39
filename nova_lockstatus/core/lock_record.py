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

"""One lock: over what, by whom, why, at which level, and until when.

A server can have several locks, each a record of its own. Those of the level
:data:`CHANGE` make a server a locked one for Nova; one of the level
:data:`DELETE` only refuses the calls that destroy something.
"""

import dataclasses
import datetime
import re
from collections.abc import Iterable, Sequence

from oslo_utils import timeutils

from nova_lockstatus import exception
from nova_lockstatus.core import server_lock
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import terminal

SERVER = 'server'
PROJECT = 'project'
HOST = 'host'
SCOPES = (SERVER, PROJECT, HOST)

CHANGE = 'change'
DELETE = 'delete'
LEVELS = (CHANGE, DELETE)
"""The levels, the strictest first."""

ORIGIN_PATTERN = r'^[A-Za-z0-9._/-]{1,64}\Z'
"""What the name of a program that locks can be, for a JSON schema."""

# With a time zone, of which the parser below would take UTC by default.
_ISO_8601 = re.compile(
    '[0-9-]{1,16}T[0-9:.,]{1,32}(Z|[+-][0-9]{2}(:?[0-9]{2})?)')


@dataclasses.dataclass(frozen=True, slots=True)
class LockRecord:
    """A lock.

    :param id: its UUID
    :param scope: what it is over: :data:`SERVER`, :data:`PROJECT` or
        :data:`HOST`
    :param scope_id: the UUID of the server, the id of the project, or the
        name of the host
    :param level: :data:`CHANGE` or :data:`DELETE`
    :param locked_by: ``owner`` or ``admin``, as ``core/server_lock.py`` has it
    :param user_id: who made it, None where that is not known
    :param project_id: the project that its holder made it from
    :param reason: why, None where the holder gave no reason
    :param origin: which program made it, such as ``masakari``
    :param since: when it was made, in UTC, without a time zone
    :param until: when it ends, in UTC, without a time zone; None: never
    :param release: whether it is lifted at its end. Otherwise it stays in
        force, and is shown as expired
    :param create: whether a lock of a project also refuses new servers
    """

    id: str
    scope: str
    scope_id: str
    level: str
    locked_by: str
    user_id: str | None
    project_id: str | None
    reason: str | None
    origin: str | None
    since: datetime.datetime
    until: datetime.datetime | None
    release: bool = False
    create: bool = False


def is_expired(record: LockRecord, now: datetime.datetime) -> bool:
    """Tell whether the end of a lock has come.

    :param now: the time in UTC, without a time zone
    """
    return record.until is not None and record.until <= now


def stands(record: LockRecord, now: datetime.datetime) -> bool:
    """Tell whether a lock is in force.

    :param now: the time in UTC, without a time zone
    :returns: True also for a lock that has expired and is not lifted then
    """
    return not (record.release and is_expired(record, now))


def strictest_first(records: Iterable[LockRecord]) -> list[LockRecord]:
    """Sort locks: ``change`` before ``delete``, admins' first, newest first.

    Locks that are alike in all of that are sorted by id.
    """
    found = sorted(records, key=lambda record: record.id)
    found.sort(key=lambda record: record.since, reverse=True)
    found.sort(key=lambda record: (LEVELS.index(record.level),
                                   record.locked_by != server_lock.ADMIN))
    return found


def parse_until(value: str, now: datetime.datetime, max_lock_time: int
                ) -> datetime.datetime:
    """Read the end of a lock as a caller gives it.

    :param value: a time of ISO 8601 with a time zone
    :param now: the time in UTC, without a time zone
    :param max_lock_time: how many seconds it may be ahead, 0 for any
    :returns: the time in UTC, without a time zone
    :raises InvalidLockTime: when it is no such time, is in the past or is too
        far ahead
    """
    try:
        if not _ISO_8601.fullmatch(value):
            raise ValueError
        until = timeutils.normalize_time(timeutils.parse_isotime(value))
    except (ValueError, OverflowError) as error:
        raise exception.InvalidLockTime(
            value=value, problem='It is no time of ISO 8601 with a time zone, '
                                 'such as 2026-12-24T08:00:00Z') from error
    if until <= now:
        raise exception.InvalidLockTime(
            value=value, problem='It is in the past')
    if max_lock_time and until - now > datetime.timedelta(
            seconds=max_lock_time):
        raise exception.InvalidLockTime(
            value=value, problem='It is more than %s ahead'
            % duration.in_seconds(max_lock_time))
    return until


def format_until(until: datetime.datetime) -> str:
    """Write the end of a lock for a reader, such as 2026-12-24 08:00 UTC.

    :param until: the time in UTC, without a time zone. Seconds are written
        where they are not zero, and what is left of one is rounded up
    """
    if until.microsecond and until < datetime.datetime.max.replace(
            microsecond=0):
        until = until.replace(microsecond=0) + datetime.timedelta(seconds=1)
    return until.strftime('%Y-%m-%d %H:%M:%S UTC' if until.second
                          else '%Y-%m-%d %H:%M UTC')


@dataclasses.dataclass(frozen=True, slots=True)
class VisibleLock:
    """A lock as far as a caller may see it, None for each other part."""

    scope: str | None = None
    level: str | None = None
    locked_by: str | None = None
    reason: str | None = None
    until: datetime.datetime | None = None


def describe(lock: VisibleLock) -> str:
    """Describe a lock for an error message.

    :param lock: the parts that the caller may see
    :returns: such as ``project lock by admin until 2026-12-24 08:00 UTC:
        unpaid`` or ``lock against deletion by owner``; the scope of a server's
        own lock and the level ``change`` are not named
    """
    words = ['lock']
    if lock.scope not in (None, SERVER):
        words.insert(0, str(lock.scope))
    if lock.level == DELETE:
        words.append('against deletion')
    if lock.locked_by:
        words.append('by %s' % lock.locked_by)
    if lock.until:
        words.append('until %s' % format_until(lock.until))
    # The sentence may come to a terminal. The field has the reason as it is.
    return ' '.join(words) + (
        ': %s' % terminal.escape(lock.reason) if lock.reason else '')


def describe_all(sentence: str, locks: Sequence[VisibleLock]) -> str:
    """Describe the locks that stand over a server for an error message.

    :param sentence: Nova's, such as "Instance X is locked"
    :param locks: the locks, the strictest first; one at the least
    :returns: such as ``Instance X is locked by admin: unpaid. It also has:
        lock against deletion by owner.``
    """
    first, *others = locks
    own = dataclasses.replace(first, scope=None)
    place = ('' if first.scope in (None, SERVER)
             else ' with its %s' % first.scope)
    text = sentence + place + describe(own)[len('lock'):]
    if others:
        text += '. It also has: %s' % '; '.join(map(describe, others))
    return text
