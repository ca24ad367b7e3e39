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

"""A lock that has expired, and its event.

The outbox has the event as the change of an object that is no host: see
:data:`EXPIRED`.
"""

import datetime
import uuid
from typing import Any, NamedTuple

from nova_lockstatus.core import host_event
from nova_lockstatus.core.lock_record import LockRecord

EXPIRED = host_event.LOCK_EXPIRED
"""The new status of an outbox entry that is about a lock. Its ``id`` is that
of the lock, and its ``host`` the UUID of the server."""


class ExpiredLock(NamedTuple):
    """A lock that has expired and stays in force, and its server.

    :param server: an InstanceRow of :mod:`nova_lockstatus.gateway.instances`
    """

    server: Any
    lock: LockRecord

    @property
    def id(self) -> str:
        """Return the id of the event: the same for the same end of a lock."""
        # With its fraction: an end can be put off by less than a second.
        return str(uuid.uuid5(uuid.UUID(self.lock.id), str(self.lock.until)))


def entry(cell: str, server_id: str, lock_id: str) -> host_event.StatusChange:
    """Make the outbox entry of a lock that has expired.

    :param cell: the uuid of the cell
    """
    return host_event.StatusChange(
        id=lock_id, cell=cell, host=server_id, old='', new=EXPIRED,
        changed_at=datetime.datetime.now(datetime.timezone.utc))


def payload(expired: ExpiredLock) -> dict[str, Any]:
    """Return what the event says of the server and the lock.

    :returns: the values, with the names of Nova's notifications. Each form of
        event adds its ids
    """
    server, lock = expired
    return {
        **host_event.server_values(server),
        'lock_id': lock.id,
        'lock_level': lock.level,
        'lock_holder': lock.locked_by,
        'lock_reason': lock.reason,
        'lock_origin': lock.origin,
        'lock_until': _format(lock.until),
    }


def _format(until: datetime.datetime | None) -> str:
    # A lock without an end does not expire.
    assert until is not None
    return until.strftime('%Y-%m-%dT%H:%M:%SZ')
