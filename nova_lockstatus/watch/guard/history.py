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

"""What the guard remembers of servers, for as long as it finds them."""

import dataclasses

from nova_lockstatus.watch.guard import decisions


@dataclasses.dataclass
class Turn:
    """Something that is done again and again, with growing pauses.

    :param times: how often it was done
    :param next_at: when it may be done again, in seconds of a monotonic clock
    """

    times: int = 0
    next_at: float = 0

    def due(self, now: float) -> bool:
        """Tell whether the pause since the last time is over.

        :param now: seconds of a monotonic clock
        :returns: whether it is
        """
        return now >= self.next_at

    def done(self, now: float, pauses: tuple[float, float]) -> None:
        """Remember that it is done now.

        :param now: seconds of a monotonic clock
        :param pauses: the first and the longest pause, in seconds
        """
        self.times += 1
        self.next_at = now + decisions.pause(self.times, *pauses)


@dataclasses.dataclass
class ServerState:
    """What was found, look after look: a server, or a host that is silent.

    :param acted: the actions on it
    :param said: the messages about it
    :param failure: the newest instance action that was reported as failed
    :param pending: the instance action of the guard's that is under way
    :param pending_since: since when it is seen under way while the host is
        up, in seconds of a monotonic clock
    """

    acted: Turn = dataclasses.field(default_factory=Turn)
    said: Turn = dataclasses.field(default_factory=Turn)
    failure: int | None = None
    pending: int | None = None
    pending_since: float = 0


class GuardHistory:
    """The cases of one cell."""

    def __init__(self) -> None:
        self._cases: dict[str, ServerState] = {}
        self._seen: set[str] = set()

    def __len__(self) -> int:
        return len(self._cases)

    def see(self, key: str) -> ServerState:
        """Return the case of what is found.

        :param key: the uuid of a server, or the name of a host
        :returns: what is remembered of it
        """
        self._seen.add(key)
        return self._cases.setdefault(key, ServerState())

    def keep(self, key: str) -> None:
        """Do not forget what this look cannot see.

        :param key: as for :meth:`see`. What is not remembered is not begun
        """
        self._seen.add(key)

    def end_look(self) -> None:
        """Forget what a whole look at the cell did not find."""
        self._cases = {key: case for key, case in self._cases.items()
                       if key in self._seen}
        self._seen = set()
