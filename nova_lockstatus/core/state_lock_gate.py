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

"""Decides whether a call may change a locked server."""

import abc
from collections.abc import Callable, Iterable
from typing import Any

SWAP = 'os_compute_api:os-volumes-attachments:swap'
"""The rule that lets Cinder replace a volume of a server."""


CREATE = 'os_compute_api:servers:create'
"""The rule of all calls that make servers."""


class CallBlocked(BaseException):
    """A call that must not go on.

    It is no Exception: Nova's controllers turn some of those into a 400 or a
    500, and go on after others.
    """


class RefusedByLock(CallBlocked):
    """The lock of a server refuses a call."""

    def __init__(self, server: Any) -> None:
        super().__init__(server.uuid)
        self.server = server


class LockUnreadable(CallBlocked):
    """The lock of a server could not be read."""


class Gate(abc.ABC):
    """Blocks one call that would change a server.

    It keeps track of what Nova has done so far: which servers it read, and
    whether a policy rule let the caller pass. When Nova has done both, the
    gate decides, once for each server: a lock that comes later does not count.

    :param read_others: reads the servers that the call changes without naming
        them. It is called once a rule has let the caller pass
    """

    def __init__(self, read_others: Callable[[], Iterable[Any]] = tuple
                 ) -> None:
        self._read_others = read_others
        self._rule: str | None = None
        self._undecided: list[Any] = []
        self._decided: set[str] = set()

    @property
    def has_read(self) -> bool:
        """Tell whether Nova has read a server."""
        return bool(self._undecided or self._decided)

    def read(self, server: Any) -> None:
        """Note that Nova has read a server.

        :raises RefusedByLock: when the lock refuses the call
        :raises LockUnreadable: when the Instance does not tell its lock
        """
        if server.uuid in self._decided:
            return
        self._undecided.append(server)
        self._decide()

    def passed(self, rule: str) -> None:
        """Note that a policy rule has let the caller pass.

        :raises RefusedByLock: when the lock refuses the call
        :raises LockUnreadable: when an Instance does not tell its lock
        """
        self._rule = rule
        self._decide()
        read_others, self._read_others = self._read_others, tuple
        for server in read_others():
            self.read(server)

    def _decide(self) -> None:
        while self._rule is not None and self._undecided:
            server = self._undecided.pop()
            self._decided.add(server.uuid)
            self._check(server, self._rule)

    @abc.abstractmethod
    def _check(self, server: Any, rule: str) -> None:
        """Decide about one server.

        :param rule: the policy rule that has let the caller pass
        :raises RefusedByLock: when the lock refuses the call
        :raises LockUnreadable: when the Instance does not tell its lock
        """


class ServerLocksGate(Gate):
    """Blocks a call where one of the locks of os-server-locks refuses it.

    :param check: is called with a server that Nova has read and the rule that
        has let the caller pass; it raises what refuses the call
    :param read_others: reads the servers that the call changes without naming
        them. It is called once a rule has let the caller pass
    """

    def __init__(self, check: Callable[[Any, str], None],
                 read_others: Callable[[], Iterable[Any]] = tuple) -> None:
        super().__init__(read_others)
        self._check_server = check

    def _check(self, server: Any, rule: str) -> None:
        self._check_server(server, rule)


class NewServersGate(Gate):
    """Blocks a call that makes servers where its project is locked.

    :param check: is called once :data:`CREATE` has let the caller pass; it
        raises what refuses the call
    """

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self._check_project = check

    @property
    def has_read(self) -> bool:
        """Return True: no server's lock counts for the call."""
        return True

    def passed(self, rule: str) -> None:
        """Note that a policy rule has let the caller pass."""
        if rule == CREATE:
            self._check_project()

    def _check(self, server: Any, rule: str) -> None:
        """Let each server pass."""


class LockGate(Gate):
    """Blocks one call that would change a server that Nova has locked.

    :param may_bypass: tells whether the caller may change a locked server
    :param on_bypass: is called where the lock would refuse the call and the
        caller may; what it raises refuses the call
    :param read_others: reads the locked servers that the call changes without
        naming them. It is called once a rule has let the caller pass, and not
        for an exempt call
    """

    def __init__(self, is_exempt: bool, may_bypass: Callable[[Any], bool],
                 body: Any = None,
                 read_others: Callable[[], Iterable[Any]] = tuple,
                 on_bypass: Callable[[Any], None] = lambda server: None
                 ) -> None:
        super().__init__(tuple if is_exempt else read_others)
        self.is_exempt = is_exempt
        self._may_bypass = may_bypass
        self._on_bypass = on_bypass
        self._body = body
        self._bypassed: set[str] = set()

    def bypasses(self, uuid: str) -> bool:
        """Tell whether the caller may change a server though it is locked."""
        return uuid in self._bypassed

    def _check(self, server: Any, rule: str) -> None:
        if 'locked' not in server:
            if not self.is_exempt:
                raise LockUnreadable
        elif server.locked:
            refuses = not (self.is_exempt or only_swaps(rule, self._body))
            if self._may_bypass(server):
                if refuses:
                    self._on_bypass(server)
                self._bypassed.add(server.uuid)
            elif refuses:
                raise RefusedByLock(server)


def only_swaps(rule: str, body: Any) -> bool:
    """Tell whether Cinder replaces a volume, and nothing else.

    :param rule: the policy rule that has let the caller pass
    :param body: the body of the call, which Nova has checked
    """
    return rule == SWAP and 'delete_on_termination' not in (
        body['volumeAttachment'])
