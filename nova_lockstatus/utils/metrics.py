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

"""What is told of what happens, for whom it may concern."""

from collections.abc import Mapping


class Metrics:
    """Is told what happens, and keeps nothing: so where nobody asks.

    No method raises, or takes long.
    """

    def looks(self, duty: str, cell: str) -> None:
        """Tell that a look at a cell begins.

        :param duty: whose look it is
        :param cell: what the cell is called
        """

    def looked(self, duty: str, cell: str) -> None:
        """Tell that a look at a cell is finished.

        :param duty: whose look it is
        :param cell: what the cell is called
        """

    def counted(self, cell: str, servers: Mapping[str, int],
                locked: Mapping[str, int], kept: float) -> None:
        """Tell how many servers a cell has.

        :param cell: what the cell is called
        :param servers: how many, by the status of their host, one of
            :mod:`nova_lockstatus.core.host_status`
        :param locked: how many are locked, by who holds the lock
        :param kept: seconds after which that is too old to be shown
        """

    def not_counted(self, cell: str) -> None:
        """Tell that nobody knows how many servers a cell has.

        :param cell: what the cell is called
        """

    def outbox_length(self, entries: int | None) -> None:
        """Tell how many changes of hosts are to be announced.

        :param entries: how many, None where nobody knows
        """

    def host_changed(self, old: str, new: str) -> None:
        """Tell that a change of a host was seen that no call has made.

        :param old: the status that it had
        :param new: the status that it has
        """

    def announced(self, sink: str, outcome: str) -> None:
        """Tell what became of an announcement for one server.

        :param sink: to whom it is
        :param outcome: ``sent`` or ``failed``
        """

    def fanned_out(self, seconds: float) -> None:
        """Tell that a change was announced for all servers of a host.

        :param seconds: how long that took
        """

    def guarded(self, action: str, outcome: str) -> None:
        """Tell what the guard has done about a server.

        :param action: the instance action by which it is brought back
        :param outcome: ``found``, ``acted`` or ``failed``
        """


NO_METRICS = Metrics()
"""Keeps nothing."""
