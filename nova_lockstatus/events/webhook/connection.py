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

"""Connections to a webhook, which have deadlines and are used again."""

import http.client
import io
import selectors
import socket
import threading
import time
from typing import Any

MAX_AGE_SECONDS = 60
"""The longest time for which a connection is used. After it, the name is
looked up and the address is checked again."""

MAX_IGNORED_BYTES = 65536
MAX_IGNORED_SECONDS = 1
"""The longest body of a response that is read to keep the connection, and the
longest time for it."""


def left(deadline: float) -> float:
    """Return the seconds that are left.

    :param deadline: as time.monotonic() has it
    :raises TimeoutError: when none are left
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError('timed out')
    return seconds


class _Input(io.RawIOBase):
    """The incoming bytes of a connection with a deadline."""

    def __init__(self, sock: 'DeadlineSocket') -> None:
        super().__init__()
        self._socket = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._socket.in_time().recv_into(buffer)


class DeadlineSocket:
    """A socket with a deadline, however slow the other side is.

    It has the methods that :mod:`http.client` calls.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._socket = sock
        self.deadline = deadline

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing has arrived, not even the end."""
        # NOTE: not select.select(), which takes no number above 1023, nor
        # select.poll(), which eventlet takes away.
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            return not selector.select(0)

    def in_time(self) -> socket.socket:
        """Return the socket, whose next call ends before the deadline.

        :raises TimeoutError: when the deadline is over
        """
        self._socket.settimeout(left(self.deadline))
        return self._socket

    def sendall(self, data: bytes) -> None:
        """Send all bytes before the deadline."""
        self.in_time().sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the incoming bytes."""
        return io.BufferedReader(_Input(self))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Connection(http.client.HTTPConnection):
    """A connection over a socket that is connected already."""

    # NOTE: it must not connect by itself, to an address that nobody checked.
    auto_open = 0

    def __init__(self, host: str, port: int, sock: DeadlineSocket) -> None:
        super().__init__(host, port)
        self._deadline_socket = sock
        self.sock: Any = sock
        self._made_at = time.monotonic()

    @property
    def is_usable(self) -> bool:
        """Tell whether it is young enough, and not closed."""
        return (self.sock is not None
                and time.monotonic() < self._made_at + MAX_AGE_SECONDS
                and self._deadline_socket.is_quiet)

    def use_until(self, deadline: float) -> None:
        """Set the deadline of the next request."""
        self._deadline_socket.deadline = deadline

    def finish(self, response: http.client.HTTPResponse) -> bool:
        """Read the rest of a response, and ignore it.

        :returns: whether another request can follow
        """
        if response.will_close or self.sock is None:
            return False
        if not response.isclosed():
            self.use_until(min(self._deadline_socket.deadline,
                               time.monotonic() + MAX_IGNORED_SECONDS))
            try:
                response.read(MAX_IGNORED_BYTES)
            except (http.client.HTTPException, OSError, ValueError):
                return False
        # At its end it closes itself.
        return response.isclosed()


class Idle:
    """The open connections to one webhook that nothing uses now.

    :param most: how many are kept
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._connections: list[Connection] = []

    def take(self) -> Connection | None:
        """Take the connection that was used last, and close stale ones.

        :returns: None where there is none
        """
        while True:
            with self._lock:
                if not self._connections:
                    return None
                connection = self._connections.pop()
            if connection.is_usable:
                return connection
            connection.close()

    def put(self, connection: Connection) -> bool:
        """Keep a connection for later.

        :returns: whether it is kept
        """
        with self._lock:
            if len(self._connections) >= self._most:
                return False
            self._connections.append(connection)
            return True
