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

"""Encodes the locks of a server as rows of its system metadata.

A value of system metadata has 255 characters at the most, and Nova's tables on
MySQL and MariaDB may hold none above U+FFFF. So a lock is JSON of ASCII, cut
into as many rows as it needs. One more row sums the locks up: a list of
servers reads that one alone.
"""

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_lock

PREFIX = 'lockstatus_lock'
"""How the keys of all rows begin."""

SUMMARY_KEY = 'lockstatus_locks'

RECORD_PREFIX = PREFIX + ':'
"""How the keys of the rows of each lock begin; the last part numbers them."""

_VALUE_LENGTH = 255
TIME_FORMAT = '%Y-%m-%dT%H:%M:%S.%f'
_TIMES = ('since', 'until')
_FILTERED = ('until', 'level', 'locked_by', 'origin', 'release')
_FIELDS = (*_FILTERED, *(
    field.name for field in dataclasses.fields(lock_record.LockRecord)
    if field.name not in ('id', 'scope', 'scope_id', 'create', *_FILTERED)))
"""The fields in the order of their text. Those that a database filters by
stand in the first row of a lock, and its end at the very beginning."""

UNTIL_PREFIX = '{"until": "'
"""How the first row of a lock with an end begins."""


class Summary(NamedTuple):
    """What a list of servers shows of the locks of one.

    :param until: when the lock in force ends, in UTC, without a time zone;
        None: never
    :param release: whether it is lifted then
    :param lock: the lock in force that this is about; it is no more if Nova
        has another one
    :param is_protected: whether a lock of the level ``delete`` is there
    :param protected_until: when the last of those is lifted; None: never
    :param first_end: when the first lock is lifted, of all; None: never
    :param user_id: who holds the lock in force; None where that is not known,
        or too long for the row
    """

    until: datetime.datetime | None = None
    release: bool = False
    lock: str | None = None
    is_protected: bool = False
    protected_until: datetime.datetime | None = None
    first_end: datetime.datetime | None = None
    user_id: str | None = None


NO_LOCKS = Summary()


def is_key(key: str) -> bool:
    """Tell whether a row of system metadata has a part of the locks."""
    return key.startswith(PREFIX)


def rows(records: Iterable[lock_record.LockRecord]) -> dict[str, str]:
    """Encode the locks of a server.

    :param records: the locks, all of them of the scope ``server``
    :returns: the rows by key, none where there is no lock
    """
    found = {}
    ordered = lock_record.strictest_first(records)
    for record in ordered:
        text = json.dumps({name: value for name in _FIELDS if (
            value := _encode(getattr(record, name))) not in (None, False)})
        for start in range(0, len(text), _VALUE_LENGTH):
            found['%s%s:%d' % (RECORD_PREFIX, record.id,
                               start // _VALUE_LENGTH)] = (
                text[start:start + _VALUE_LENGTH])
    if ordered:
        found[SUMMARY_KEY] = _summary(ordered)
    return found


def _encode(value: Any) -> Any:
    return (value.strftime(TIME_FORMAT) if isinstance(value, datetime.datetime)
            else value)


def _summary(ordered: Sequence[lock_record.LockRecord]) -> str:
    summary: dict[str, Any] = {}
    protections = []
    ends = [record.until for record in ordered
            if record.release and record.until]
    if ends:
        summary['first_end'] = _encode(min(ends))
    for record in ordered:
        if record.level == lock_record.DELETE:
            protections.append(record.until if record.release else None)
        elif 'lock' not in summary:
            summary.update(
                lock=fingerprint(server_lock.Lock(
                    record.locked_by, record.reason)),
                until=_encode(record.until), release=record.release,
                user=record.user_id)
    if protections:
        summary['protected'] = (
            '' if None in protections
            else _encode(max(filter(None, protections))))
    text = json.dumps(summary, separators=(',', ':'))
    if len(text) > _VALUE_LENGTH:
        del summary['user']
        text = json.dumps(summary, separators=(',', ':'))
    return text


def fingerprint(lock: server_lock.Lock) -> str:
    """Return a short text that is another one for another lock."""
    text = json.dumps([lock.locked_by, lock.reason])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read(server_id: str, system_metadata: Mapping[str, str]
         ) -> list[lock_record.LockRecord]:
    """Decode the locks of a server.

    :param server_id: the UUID of the server
    :param system_metadata: its rows by key; others may be among them
    :returns: the locks as they are stored, the strictest first
    :raises ValueError: when a row is missing or damaged
    """
    parts: dict[str, dict[int, str]] = {}
    for key, value in system_metadata.items():
        if key.startswith(RECORD_PREFIX):
            lock_id, _, number = key[len(RECORD_PREFIX):].rpartition(':')
            parts.setdefault(lock_id, {})[int(number)] = value
    return lock_record.strictest_first(
        _record(server_id, lock_id,
                ''.join(numbered[number] for number in sorted(numbered)))
        for lock_id, numbered in parts.items())


def _record(server_id: str, lock_id: str, text: str
            ) -> lock_record.LockRecord:
    values: dict[str, Any] = dict.fromkeys(_FIELDS)
    try:
        values.update({'release': False, **json.loads(text)})
        for name in _TIMES:
            values[name] = _time(values[name])
        return lock_record.LockRecord(
            id=lock_id, scope=lock_record.SERVER, scope_id=server_id,
            **values)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _time(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.strptime(text, TIME_FORMAT) if text else None


def read_summary(system_metadata: Mapping[str, str]) -> Summary:
    """Decode the row that sums the locks of a server up.

    :param system_metadata: the rows by key
    :raises ValueError: when the row is damaged
    """
    text = system_metadata.get(SUMMARY_KEY)
    if text is None:
        return NO_LOCKS
    found = json.loads(text)
    return Summary(
        _time(found.get('until')), bool(found.get('release')),
        found.get('lock'), 'protected' in found,
        _time(found.get('protected')), _time(found.get('first_end')),
        found.get('user'))


def locked_until(system_metadata: Mapping[str, str], locked_by: str | None
                 ) -> datetime.datetime | None:
    """Return when the lock in force ends.

    :param system_metadata: the rows by key, with those of the reason
    :param locked_by: who holds the lock that Nova has
    :returns: the time in UTC, without a time zone; None where it has no end
    :raises ValueError: when the row that sums the locks up is damaged
    """
    return _in_force(system_metadata, locked_by).until


def locked_by_user_id(system_metadata: Mapping[str, str],
                      locked_by: str | None) -> str | None:
    """Return which user holds the lock in force.

    :param system_metadata: the rows by key, with those of the reason
    :param locked_by: who holds the lock that Nova has
    :returns: None where the locks do not tell
    :raises ValueError: when the row that sums the locks up is damaged
    """
    return _in_force(system_metadata, locked_by).user_id


def _in_force(system_metadata: Mapping[str, str], locked_by: str | None
              ) -> Summary:
    found = read_summary(system_metadata)
    lock = server_lock.Lock(locked_by, lock_reason.read(system_metadata))
    # Another pipeline may have changed the lock since.
    return found if found.lock == fingerprint(lock) else NO_LOCKS


def is_protected(system_metadata: Mapping[str, str], now: datetime.datetime
                 ) -> bool:
    """Tell whether a lock of the level ``delete`` stands.

    :param system_metadata: the rows by key
    :param now: the time in UTC, without a time zone
    :raises ValueError: when the row that sums the locks up is damaged
    """
    found = read_summary(system_metadata)
    return found.is_protected and (
        found.protected_until is None or found.protected_until > now)


def replace(system_metadata: Mapping[str, str], stored: Mapping[str, str]
            ) -> dict[str, str]:
    """Put the locks that are stored into other system metadata.

    :param system_metadata: the rows by key
    :param stored: those of which the locks are taken
    """
    return {**{key: value for key, value in system_metadata.items()
               if not is_key(key)},
            **{key: value for key, value in stored.items() if is_key(key)}}
