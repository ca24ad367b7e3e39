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

"""Starts every thread that the plugin runs beside Nova's own."""

import collections
import threading
import time
from collections.abc import Callable, Iterable
from concurrent import futures
from typing import Any, Generic, TypeVar

from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

Item = TypeVar('Item')
Result = TypeVar('Result')
Work = TypeVar('Work')

CAPACITY = 1000
"""How many pieces of work can wait for a worker."""

_POLL_SECONDS = 0.1


def start_daemon(function: Callable[..., object], *args: Any,
                 name: str | None = None) -> threading.Thread:
    """Start a thread that calls a function, and return the thread."""
    # NOTE: a green thread where Nova runs under eventlet. A daemon, and no
    # pool, which the interpreter waits for: a database or a broker that does
    # not answer must not keep the process from ending.
    thread = threading.Thread(target=function, args=args, name=name,
                              daemon=True)
    thread.start()
    return thread


def join(threads: Iterable[threading.Thread], timeout: float | None = None,
         stop: threading.Event | None = None) -> None:
    """Wait for threads to end.

    :param timeout: seconds to wait for all of them together, None without end
    :param stop: when it is set, nothing is waited for any more
    """
    end = None if timeout is None else time.monotonic() + timeout
    for thread in threads:
        while thread.is_alive() and not (stop and stop.is_set()):
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return
            thread.join(left if stop is None else _POLL_SECONDS)


def run_parallel(function: Callable[[Item], None], items: Iterable[Item],
                 workers: int, timeout: float | None = None) -> None:
    """Call a function for each of many items, in several threads.

    :param function: must not raise
    :param timeout: seconds to wait at the most, None until all are done. The
        threads go on after that, and begin further items
    """
    waiting = collections.deque(items)

    def work() -> None:
        while True:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            function(item)

    join([start_daemon(work) for _ in range(min(workers, len(waiting)))],
         timeout)


class Bulkhead:
    """Calls functions that may hang, and waits for each only so long.

    A thread that hangs is left alone. Until it ends, no other call of its
    kind is made: each would take another thread, and another connection.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._hanging: dict[str, threading.Thread] = {}

    @property
    def hanging(self) -> dict[str, threading.Thread]:
        """Return the kinds of call of which one hangs, and its thread."""
        return {kind: thread for kind, thread in list(self._hanging.items())
                if thread.is_alive()}

    def wait(self) -> bool:
        """Wait for the calls that hang, as long as for one call.

        :returns: whether any call had hung
        """
        hanging = self.hanging.values()
        join(hanging, self._timeout)
        return bool(hanging)

    def call(self, kind: str, function: Callable[[], Result]) -> Result:
        """Call a function in a thread.

        :param kind: what may hang, for instance the database that is read
        :raises TimeoutError: when it does not end in time, or when the last
            call of that kind has not ended yet
        :raises Exception: what the function raises
        """
        if kind in self.hanging:
            raise TimeoutError
        future: futures.Future[Result] = futures.Future()

        def work() -> None:
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)

        thread = start_daemon(work)
        thread.join(self._timeout)
        if not future.done():
            self._hanging[kind] = thread
            raise TimeoutError
        return future.result()


class SerialWorker(Generic[Work]):
    """Does pieces of work in a thread, in the order in which they came.

    There is a thread while there is work, and one at the most. It starts with
    the first piece, which in nova-api is after the process was forked.

    :param function: does a piece of work; what it raises is logged
    :param capacity: how many pieces can wait
    """

    def __init__(self, function: Callable[[Work], object],
                 capacity: int = CAPACITY) -> None:
        self._function = function
        self._capacity = capacity
        self._waiting: collections.deque[Work] = collections.deque()
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        """Tell whether there is work that is not done."""
        return self._thread is not None and self._thread.is_alive()

    def put(self, work: Work) -> None:
        """Add a piece of work, without waiting for it.

        Where too many wait already, it is logged and not done.
        """
        with self._condition:
            if len(self._waiting) >= self._capacity:
                LOG.error('A background task is given up, as %d are waiting '
                          'already: %s', self._capacity, work)
                return
            self._waiting.append(work)
            if not self.is_busy:
                self._thread = start_daemon(self._run)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all work is done.

        :param timeout: seconds to wait at the most, None without end
        """
        with self._condition:
            return self._condition.wait_for(lambda: not self.is_busy, timeout)

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._waiting:
                    self._end()
                    return
                work = self._waiting.popleft()
            try:
                self._function(work)
            except Exception:
                LOG.exception('A background task failed: %s', work)
            except BaseException:
                # The thread is told to end. The next piece starts another.
                with self._condition:
                    self._end()
                raise

    def _end(self) -> None:
        self._thread = None
        self._condition.notify_all()
