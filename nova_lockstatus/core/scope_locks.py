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

"""The locks that projects and hosts have, as far as they are over servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from nova_lockstatus.core import lock_record
from nova_lockstatus.core.host_status import HostKey
from nova_lockstatus.core.lock_record import LockRecord


class ScopeLock(NamedTuple):
    """A lock of a project or a host.

    :param cell: the uuid of the host's cell, None for a project
    """

    record: LockRecord
    cell: str | None = None


class StandingLocks:
    """The locks that stand over some projects and hosts.

    :param locks: the locks, in any order
    """

    def __init__(self, locks: Iterable[ScopeLock] = ()) -> None:
        self._locks = list(locks)

    def over(self, project_id: str | None, host: HostKey | None
             ) -> list[LockRecord]:
        """Return the locks over a server, the strictest first.

        :param project_id: the project that the server belongs to
        :param host: the cell and the name of the host that it is on, None
            where it is on none. A host whose cell is None can be in any
        """
        return lock_record.strictest_first(
            record for record, cell in self._locks
            if (record.scope == lock_record.PROJECT
                and record.scope_id == project_id)
            or (record.scope == lock_record.HOST and host is not None
                and record.scope_id == host[1] and host[0] in (cell, None)))

    def over_new_server(self, project_id: str | None) -> list[LockRecord]:
        """Return the locks that refuse new servers, the strictest first.

        :param project_id: the project that the servers would belong to
        """
        return [record for record in self.over(project_id, None)
                if record.create]
