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

"""The guard's history of the servers that it has found."""

import dataclasses

from nova_lockstatus.utils import backoff


@dataclasses.dataclass
class BackoffTimer:
    """Paces something that is done again and again, with growing delays.

    :param times: how often it was done
    :param next_at: when it may be done again, in seconds of a monotonic clock
    """

    times: int = 0
    next_at: float = 0

    def is_due(self, now: float) -> bool:
        """Tell whether the delay since the last time is over."""
        return now >= self.next_at

    def restart(self, now: float, delays: tuple[float, float]) -> None:
        """Begin the next delay, as it is done now.

        :param delays: the first and the longest delay, in seconds
        """
        self.times += 1
        self.next_at = now + backoff.delay(self.times, *delays)


@dataclasses.dataclass
class ServerState:
    """What the guard has done about a server, or about a silent host.

    :param action_backoff: paces the actions on the server
    :param report_backoff: paces the messages about it
    :param reported_failure: the id of the newest instance action that was
        reported as failed
    :param pending_action: the id of the guard's action that is under way
    :param pending_since: since when that action is found under way while the
        host is up, in seconds of a monotonic clock
    """

    action_backoff: BackoffTimer = dataclasses.field(
        default_factory=BackoffTimer)
    report_backoff: BackoffTimer = dataclasses.field(
        default_factory=BackoffTimer)
    reported_failure: int | None = None
    pending_action: int | None = None
    pending_since: float = 0


class GuardHistory:
    """The states of the servers and silent hosts of one cell."""

    def __init__(self) -> None:
        self._states: dict[str, ServerState] = {}
        self._kept: set[str] = set()

    def __len__(self) -> int:
        return len(self._states)

    def state(self, key: str) -> ServerState:
        """Return the state of a server or host that was found, and keep it.

        :param key: the uuid of a server, or the name of a host
        """
        self._kept.add(key)
        return self._states.setdefault(key, ServerState())

    def keep(self, key: str) -> None:
        """Keep the state of a server that cannot be checked now, if any."""
        self._kept.add(key)

    def forget_others(self) -> None:
        """Forget all that was neither found nor kept since the last call."""
        self._states = {key: state for key, state in self._states.items()
                        if key in self._kept}
        self._kept = set()
