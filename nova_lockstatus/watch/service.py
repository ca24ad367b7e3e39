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

"""The loop of nova-lockstatus-watch."""

import threading
from collections.abc import Sequence
from typing import Protocol

from oslo_service import service

from nova_lockstatus.gateway import cells
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils import threads

LOG = logs.logger(__name__)

IDLE_SECONDS = 10
"""Seconds after which a task that is off is asked for its interval again."""

STOP_TIMEOUT = 5
"""Seconds that a stop waits for the tasks to end."""


class PeriodicTask(Protocol):
    """A task that nova-lockstatus-watch runs again and again."""

    name: str

    @property
    def interval(self) -> float:
        """Return the seconds to wait between two runs, 0 to run never."""

    def run(self, stop: threading.Event) -> None:
        """Run once.

        :param stop: is set when the service is to end: the run must then
            return soon
        """

    def end(self) -> None:
        """Clean up after the last run."""


class Watch(service.Service):  # type: ignore[misc]
    """The service: each periodic task has a thread."""

    def __init__(self, tasks: Sequence[PeriodicTask]) -> None:
        super().__init__()
        self._tasks = tasks
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the tasks."""
        cells.forget_connections()
        # A new one: a thread of before a restart must not go on.
        self._stop = threading.Event()
        self._threads = [
            threads.start_daemon(self._repeat, task, self._stop,
                                 name=task.name)
            for task in self._tasks]
        self._log_tasks()

    def reset(self) -> None:
        """Log the tasks on SIGHUP. Each run reads changed options anew."""
        self._log_tasks()

    def _log_tasks(self) -> None:
        LOG.info('nova-lockstatus-watch is running: %s', ', '.join(
            '%s every %s' % (task.name, duration.in_seconds(task.interval))
            if task.interval
            else '%s is off' % task.name for task in self._tasks))

    def stop(self, graceful: bool = False) -> None:
        """Stop the tasks.

        :param graceful: whether to wait for open connections to end
        """
        self._stop.set()
        # NOTE: here and not in wait(): with native threads nobody calls that,
        # and with eventlet it is called while the service runs and once more
        # after this.
        threads.join(self._threads, STOP_TIMEOUT)
        super().stop(graceful)
        LOG.info('nova-lockstatus-watch is stopped.')

    @staticmethod
    def _repeat(task: PeriodicTask, stop: threading.Event) -> None:
        while not stop.is_set():
            if task.interval:
                try:
                    task.run(stop)
                except Exception:
                    LOG.exception('The task %s of nova-lockstatus-watch '
                                  'failed. It is tried again.', task.name)
            stop.wait(task.interval or IDLE_SECONDS)
        task.end()
