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

"""The ends of the locks of one cell, as they were read last."""

import datetime
import time
from collections.abc import Iterator
from typing import Any

from nova_lockstatus.core import lock_ends as rules
from nova_lockstatus.core.lock_ends import LockEnd
from nova_lockstatus.gateway import lock_ends
from nova_lockstatus.watch.lock_expiries import LockExpiries

ALL_SECONDS = 60
"""Seconds between two looks at all servers with locks. Those between look at
what has changed."""

CLOCKS_DIFFER = datetime.timedelta(minutes=2)
"""By how much the clocks of nova-api's hosts may differ from that of the
database without that a lock is found at the next look at all servers only."""

RETRY_SECONDS = 5
"""Seconds after which a server is tried again whose locks cannot be lifted."""

_Key = tuple[str, datetime.datetime]
"""The uuid of a lock, and its end."""


class CellEnds:
    """The ends of the locks of a cell, as they were read last."""

    def __init__(self) -> None:
        self._servers: dict[str, lock_ends.ServerEnds] = {}
        self._retries: dict[str, float] = {}
        self._recorded: set[_Key] = set()
        self._read_at: datetime.datetime | None = None
        self._all_read_at = 0.0

    def read(self, context: Any, now: datetime.datetime) -> bool:
        """Read what has changed since the last look, or all.

        :param context: a RequestContext that is targeted at the cell
        :param now: the time of its database
        :returns: whether all was read
        """
        began = time.monotonic()
        is_all = (self._read_at is None
                  or began >= self._all_read_at + ALL_SECONDS)
        since = None
        if self._read_at is not None and not is_all:
            since = self._read_at - CLOCKS_DIFFER
        found = {server.uuid: server
                 for page in lock_ends.read(context, since)
                 for server in page}
        if is_all:
            self._servers, self._all_read_at = found, began
        else:
            self._servers.update(found)
        self._read_at = now
        return is_all

    def due(self, now: datetime.datetime, kind: str
            ) -> Iterator[tuple[lock_ends.ServerEnds, LockEnd]]:
        """Yield what is due, each with its server.

        :param now: the time of the cell's database
        :param kind: of :class:`rules.LockEnd`
        """
        for server in list(self._servers.values()):
            for end in server.ends:
                if end.kind == kind and end.at <= now:
                    yield server, end

    def record(self, cell: str, now: datetime.datetime,
               expiries: LockExpiries, forgets: bool) -> None:
        """Record the locks that have expired, each once.

        :param cell: the uuid of the cell
        :param now: the time of its database
        :param forgets: whether to forget those that are not there any more
        :raises LockStatusException: when the store cannot be used
        """
        found = {(str(end.lock_id), end.at): (server, end)
                 for server, end in self.due(now, rules.EXPIRY)}
        expiries.record(cell, [found[key] for key in found
                               if key not in self._recorded])
        self._recorded = set(found)
        if forgets:
            expiries.keep(cell, {lock_id for lock_id, _end in found})

    def count(self, now: datetime.datetime) -> int:
        """Count the locks that are past their end."""
        return sum(1 for kind in (rules.EXPIRY, rules.RELEASE)
                   for _ in self.due(now, kind))

    def waits(self, uuid: str) -> bool:
        """Tell whether a server is not to be tried again yet."""
        return self._retries.get(uuid, 0) > time.monotonic()

    def postpone(self, uuid: str) -> bool:
        """Try a server again later.

        :returns: whether it is the first time
        """
        is_first = uuid not in self._retries
        self._retries[uuid] = time.monotonic() + RETRY_SECONDS
        return is_first

    def done(self, uuid: str, kind: str, now: datetime.datetime) -> None:
        """Forget what was due of a server."""
        self._retries.pop(uuid, None)
        server = self._servers[uuid]
        self._servers[uuid] = server._replace(ends=tuple(
            end for end in server.ends if end.kind != kind or end.at > now))
