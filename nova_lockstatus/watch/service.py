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
import time
from collections.abc import Sequence
from typing import Protocol

from nova import context as nova_context
from oslo_log import log as logging
from oslo_service import service

LOG = logging.getLogger(__name__)

IDLE_SECONDS = 10
"""Seconds after which a duty that is off is asked again."""

STOP_TIMEOUT = 5
"""Seconds that a stop waits for the duties to end."""


class PeriodicTask(Protocol):
    """Something that the watch does again and again."""

    name: str

    @property
    def interval(self) -> float:
        """Return the seconds to wait between two runs, 0 for off."""

    def run(self, stop: threading.Event) -> None:
        """Do it once.

        :param stop: is set when the service is to end: then it must return
            soon
        """

    def end(self) -> None:
        """Leave in order, after the last run."""


class Watch(service.Service):  # type: ignore[misc]
    """The service: each duty has a thread.

    :param duties: what it does
    """

    def __init__(self, duties: Sequence[PeriodicTask]) -> None:
        super().__init__()
        self._duties = duties
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin with the duties."""
        # NOTE: as Nova's own services: what a parent process has opened
        # cannot be used by its child.
        nova_context.CELL_CACHE = {}
        # A new one: a thread of before a restart must not go on.
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(duty, self._stop),
                             name=duty.name, daemon=True)
            for duty in self._duties]
        for thread in self._threads:
            thread.start()
        self._say()

    def reset(self) -> None:
        """Take up changed options, on SIGHUP. Each run reads them anew."""
        self._say()

    def _say(self) -> None:
        LOG.info('nova-lockstatus-watch is running: %s', ', '.join(
            '%s every %d s' % (duty.name, duty.interval) if duty.interval
            else '%s is off' % duty.name for duty in self._duties))

    def stop(self, graceful: bool = False) -> None:
        """End.

        :param graceful: whether to end what is under way
        """
        self._stop.set()
        # NOTE: here and not in wait(): with native threads nobody calls that,
        # and with eventlet it is called while the service runs and once more
        # after this.
        deadline = time.monotonic() + STOP_TIMEOUT
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
        super().stop(graceful)
        LOG.info('nova-lockstatus-watch is stopped.')

    @staticmethod
    def _repeat(duty: PeriodicTask, stop: threading.Event) -> None:
        while not stop.is_set():
            if duty.interval:
                try:
                    duty.run(stop)
                except Exception:
                    LOG.exception('The duty %s failed. It is tried again.',
                                  duty.name)
            stop.wait(duty.interval or IDLE_SECONDS)
        duty.end()
