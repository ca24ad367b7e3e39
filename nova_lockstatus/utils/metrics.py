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

"""The metrics that the watch service and what it calls report to."""

from collections.abc import Mapping
from typing import NamedTuple


class CellCounts(NamedTuple):
    """What a cell has.

    :param servers: how many, by the status of their host, one of
        :mod:`nova_lockstatus.core.host_status`
    :param locked: how many are locked, by the holder of the lock
    :param hosts: how many hosts with a compute service, by their status
    :param oldest_locks: when the oldest lock was made, in seconds since 1970,
        by its holder
    """

    servers: Mapping[str, int]
    locked: Mapping[str, int]
    hosts: Mapping[str, int]
    oldest_locks: Mapping[str, float]


class Metrics:
    """Takes measurements, and keeps none: the base where metrics are off.

    No method raises, or takes long.
    """

    def cell_poll_started(self, task: str, cell: str) -> None:
        """Report that a periodic task begins to poll a cell."""

    def cell_poll_finished(self, task: str, cell: str) -> None:
        """Report that a periodic task has polled a cell without an error."""

    def cell_counted(self, cell: str, counts: CellCounts,
                     max_age: float) -> None:
        """Report how many servers and hosts a cell has.

        :param max_age: seconds after which the numbers are too old to show
        """

    def cell_not_counted(self, cell: str) -> None:
        """Report that the servers of a cell could not be counted."""

    def locks_expired(self, cell: str, locks: int, max_age: float) -> None:
        """Report how many locks of a cell's servers are past their end.

        :param max_age: seconds after which the number is too old to show
        """

    def outbox_length(self, entries: int | None,
                      oldest: Mapping[str, float]) -> None:
        """Report how many entries the outbox has.

        :param entries: how many, None where the outbox cannot be read
        :param oldest: the time of the change of the oldest entry, in seconds
            since 1970, by sink
        """

    def host_status_changed(self, old: str, new: str) -> None:
        """Report that the monitor has recorded a change of a host's status."""

    def hosts_held(self, cell: str, hosts: int) -> None:
        """Report how many silent hosts of a cell are not announced yet.

        :param hosts: how many have a grace after an outage
        """

    def delivery_finished(self, sink: str, outcome: str) -> None:
        """Report that a change was delivered for one server, or was not.

        :param outcome: ``sent`` or ``failed``
        """

    def fan_out_finished(self, seconds: float) -> None:
        """Report that a change was delivered for all servers of a host."""

    def guard_acted(self, action: str, outcome: str) -> None:
        """Report what the guard has done about a server.

        :param outcome: ``found``, ``acted`` or ``failed``
        """

    def reason_repaired(self, outcome: str) -> None:
        """Report that the reason of a lock was repaired.

        :param outcome: ``removed`` or ``restored``
        """


NO_METRICS = Metrics()
"""Keeps nothing."""
