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

"""Delivers changes of host status at once, where there is no store."""

from nova_lockstatus.core import host_event
from nova_lockstatus.events.fan_out import FanOut
from nova_lockstatus.utils.threads import SerialWorker


class DirectPublisher(SerialWorker[host_event.StatusChange]):
    """Delivers each change in a thread, and keeps none."""

    after_response_timeout: float = 10

    def __init__(self, fan_out: FanOut) -> None:
        super().__init__(fan_out.deliver)

    def publish(self, change: host_event.StatusChange) -> None:
        """Deliver a change, without waiting for that."""
        self.put(change)
