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

"""Locked servers, as ``nova-lockstatus report`` lists them."""

import dataclasses
import datetime
import re
from typing import NamedTuple

from nova_lockstatus.utils import duration


class LockedServer(NamedTuple):
    """A locked server. The names are those of the API, where it has them."""

    id: str
    name: str | None
    project_id: str | None
    host: str | None
    locked_by: str | None
    locked_reason: str | None
    locked_at: str | None
    """Since when it has been locked without a break, in UTC. None: not known.
    """
    locked_by_user_id: str | None
    """The user who made the lock that is in force. None: not known."""
    host_status: str | None
    """None: it could not be read."""
    cell: str
    """The name of the cell, or its uuid where it has none."""
    locked_until: str | None = None
    """When the lock in force ends, in UTC. None: never."""
    expired: bool = False
    """Whether that has come."""


COLUMNS = LockedServer._fields


@dataclasses.dataclass(frozen=True)
class LockedServerFilter:
    """Which locked servers to report; None does not filter.

    :param locked_by: who locked them, ``owner`` or ``admin``
    :param older_than: how long they have been locked at the least
    :param reason: an expression that is found in their reason
    :param expired: whether only those whose lock is past its end
    """

    project_id: str | None = None
    host: str | None = None
    locked_by: str | None = None
    older_than: datetime.timedelta | None = None
    reason: re.Pattern[str] | None = None
    expired: bool = False

    def passes(self, server: LockedServer, now: datetime.datetime) -> bool:
        """Tell whether a server passes the filters that no column has.

        The database filters by the others.

        :returns: False also where the server's time or reason is not known
        """
        if self.older_than is not None and not duration.is_older(
                server.locked_at, self.older_than, now):
            return False
        if self.expired and not server.expired:
            return False
        return self.reason is None or (
            server.locked_reason is not None
            and self.reason.search(server.locked_reason) is not None)


def format_time(time: datetime.datetime | None) -> str | None:
    """Write a time as the API does.

    :param time: in UTC, without a zone, as Nova stores it
    :returns: a text such as ``2026-11-21T12:00:00Z``
    """
    return None if time is None else time.strftime('%Y-%m-%dT%H:%M:%SZ')
