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

"""Who holds the lock of a server, and how a further lock changes it.

The rules of Nova's ``compute.api.API.lock`` and ``unlock``, and beyond them:
the reason belongs to the lock that is in force.
"""

from typing import NamedTuple

from nova_lockstatus.utils import terminal

OWNER = 'owner'
ADMIN = 'admin'

HOLDERS = (OWNER, ADMIN)


class Lock(NamedTuple):
    """The lock of a server.

    :param locked_by: :data:`OWNER`, :data:`ADMIN` or None
    :param reason: the reason of the lock, or None
    """

    locked_by: str | None = None
    reason: str | None = None


UNLOCKED = Lock()


def holder(server_project: str, caller_project: str | None) -> str:
    """Tell as whom a caller locks a server.

    :param server_project: the id of the project that the server belongs to
    :param caller_project: the id of the caller's project
    :returns: :data:`OWNER` where they are the same, as Nova has it
    """
    return OWNER if server_project == caller_project else ADMIN


def describe(visible: Lock) -> str:
    """Describe a lock for an error message.

    :param visible: the lock, without the parts that the caller may not see
    :returns: the text behind "Instance X is locked", such as " by admin: why"
    """
    by = ' by %s' % visible.locked_by if visible.locked_by else ''
    # The sentence may come to a terminal. The field has the reason as it is.
    reason = (': %s' % terminal.escape(visible.reason) if visible.reason
              else '')
    return by + reason


def lock(current: Lock, caller: str, reason: str | None) -> Lock | None:
    """Lock a server.

    :param caller: the holder that the caller is: :data:`OWNER` or
        :data:`ADMIN`
    :param reason: the reason that the caller gives, or None
    :returns: the lock that comes into force. None where nothing changes: the
        owner cannot touch an admin's lock, nor has anything to add to a lock
        of its own without another reason
    """
    if current.locked_by is None or (
            current.locked_by == OWNER and caller == ADMIN):
        return Lock(caller, reason)
    if current.locked_by != caller:
        return None
    if caller == OWNER and reason in (None, current.reason):
        return None
    return Lock(caller, reason or current.reason)


def needs_override(current: Lock, caller: str, authorized: str | None) -> bool:
    """Tell whether an unlock needs the rule ``unlock:unlock_override``.

    :param caller: as whom the caller unlocks
    :param authorized: whose lock the caller has been authorized to lift
    :returns: whether the lock is another's than both
    """
    return current.locked_by not in (None, caller, authorized)
