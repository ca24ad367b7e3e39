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

"""Announces changes of hosts at once, where there is no store."""

from nova_lockstatus.core import host_event
from nova_lockstatus.events.fan_out import FanOut
from nova_lockstatus.utils.threads import SerialWorker


class DirectPublisher:
    """Announces what it is told at once, and keeps nothing.

    :param fan_out: announces one change
    """

    patience: float = 10

    def __init__(self, fan_out: FanOut) -> None:
        self._worker = SerialWorker(fan_out.announce)

    @property
    def is_busy(self) -> bool:
        """Tell whether something is to be announced that was not yet."""
        return self._worker.is_busy

    def publish(self, change: host_event.StatusChange) -> None:
        """Have a change announced, without waiting for that.

        :param change: the change
        """
        self._worker.put(change)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until all is announced.

        :param seconds: how long at the most, None without end
        :returns: whether it is
        """
        return self._worker.wait(seconds)
