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

"""Calls functions in threads that nobody has to wait for."""

import collections
import threading
import time
from collections.abc import Callable, Iterable
from concurrent import futures
from typing import Generic, TypeVar

from oslo_log import log as logging

Item = TypeVar('Item')
Result = TypeVar('Result')


def run_parallel(function: Callable[[Item], None], items: Iterable[Item],
                 workers: int, seconds: float | None = None) -> None:
    """Call a function for each of many items, for some at the same time.

    :param function: what to call; it must not raise
    :param items: what to call it with
    :param workers: for how many items at the same time
    :param seconds: how long to wait at the most, None until all are done.
        What is not done by then goes on, and begins with further items
    """
    waiting = collections.deque(items)

    def work() -> None:
        while True:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            function(item)

    # NOTE: green threads where Nova runs under eventlet. Daemons, and no pool,
    # which the interpreter waits for: what does not answer must not keep the
    # process from ending.
    threads = [threading.Thread(target=work, daemon=True)
               for _ in range(min(workers, len(waiting)))]
    for thread in threads:
        thread.start()
    end = None if seconds is None else time.monotonic() + seconds
    for thread in threads:
        thread.join(None if end is None else max(0, end - time.monotonic()))


class Bulkhead:
    """Calls what may hang, and waits for it no longer than it is worth.

    What hangs is left alone. Until it ends, nothing else of its kind is
    called: each would take another thread, and another connection.

    :param seconds: how long a call may take
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._hanging: dict[str, threading.Thread] = {}

    @property
    def hanging(self) -> dict[str, threading.Thread]:
        """Return the kinds of which something hangs, and its thread."""
        return {kind: thread for kind, thread in list(self._hanging.items())
                if thread.is_alive()}

    def wait(self) -> bool:
        """Wait for what hangs as long as for a call.

        :returns: whether there was something
        """
        hanging = self.hanging.values()
        end = time.monotonic() + self._seconds
        for thread in hanging:
            thread.join(max(0, end - time.monotonic()))
        return bool(hanging)

    def call(self, kind: str, function: Callable[[], Result]) -> Result:
        """Call a function.

        :param kind: what may hang, such as the database that is asked
        :param function: what to call
        :returns: what it returns
        :raises TimeoutError: when it does not end in time, or what has hung
            before has not ended yet
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

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(self._seconds)
        if not future.done():
            self._hanging[kind] = thread
            raise TimeoutError
        return future.result()


LOG = logging.getLogger(__name__)

CAPACITY = 1000
"""How many pieces of work can wait."""

Work = TypeVar('Work')


class SerialWorker(Generic[Work]):
    """Does pieces of work in the order in which they came.

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
        """Have a piece of work done, without waiting for it.

        Where too many wait already, it is not done, and the log has it.

        :param work: the piece
        """
        with self._condition:
            if len(self._waiting) >= self._capacity:
                LOG.error('%d pieces of work wait already: %s is given up.',
                          self._capacity, work)
                return
            self._waiting.append(work)
            if not self.is_busy:
                # NOTE: green where Nova runs under eventlet. A daemon: a
                # broker that does not answer must not keep nova-api from
                # ending.
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until all work is done.

        :param seconds: how long at the most, None without end
        :returns: whether it is
        """
        with self._condition:
            return self._condition.wait_for(lambda: not self.is_busy, seconds)

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
                LOG.exception('%s was not done to its end.', work)
            except BaseException:
                # The thread is told to end. The next piece starts another.
                with self._condition:
                    self._end()
                raise

    def _end(self) -> None:
        self._thread = None
        self._condition.notify_all()
