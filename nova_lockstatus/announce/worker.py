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

"""Does work in a thread, one piece after the other, for who cannot wait."""

import collections
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from oslo_log import log as logging

LOG = logging.getLogger(__name__)

CAPACITY = 1000
"""How many pieces of work can wait."""

Work = TypeVar('Work')


class Worker(Generic[Work]):
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
