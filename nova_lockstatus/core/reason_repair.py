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

"""Decides which reasons of locks were damaged by a save of Nova's.

nova-compute and nova-conductor store all system metadata of a server anew from
the copy that they have read before. Then a server that was unlocked meanwhile
has a reason again, and a lock that was made meanwhile has none any more.
"""

from typing import NamedTuple

from nova_lockstatus.core import server_lock


class StoredLock(NamedTuple):
    """The lock of a server as the rows of Nova's tables have it.

    :param uuid: of the server
    :param is_locked: whether Nova treats it as locked
    :param locked_by: who holds the lock
    :param is_idle: whether no task is under way
    :param change: the id of the last recorded lock or unlock, None where there
        is none or it is not finished
    :param reason: the reason, None where there is none
    :param has_rows: whether any row of a reason is there
    """

    uuid: str
    is_locked: bool
    locked_by: str | None
    is_idle: bool
    change: int | None
    reason: str | None
    has_rows: bool


def is_known(stored: StoredLock) -> bool:
    """Tell whether a reason surely belongs to the lock that is recorded."""
    return (stored.locked_by is not None and stored.reason is not None
            and stored.change is not None)


def is_same_lock(stored: StoredLock, known: StoredLock | None) -> bool:
    """Tell whether a lock that was known may still be the one in force.

    :param stored: what is stored now
    :param known: what was known to be right before, None where nothing was
    """
    return known is not None and stored.change in (None, known.change)


def repaired(stored: StoredLock, known: StoredLock | None
             ) -> server_lock.Lock | None:
    """Return the lock that a server should have.

    :param stored: what is stored now
    :param known: what was stored before, and was known to be right; None where
        that is not known
    :returns: the lock, None where nothing is to be repaired
    """
    if not stored.is_idle:
        # Nova may save the server once more.
        return None
    if not stored.is_locked:
        return server_lock.UNLOCKED if stored.has_rows else None
    if (known is None or stored.locked_by is None
            or stored.reason is not None or stored.change != known.change):
        return None
    return server_lock.Lock(stored.locked_by, known.reason)
