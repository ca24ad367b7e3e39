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

"""Reads on while what was read is being used, and waits only so long."""

# NOTE: the queue of an older eventlet takes no type in brackets.
from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from nova_lockstatus import exception

T = TypeVar('T')

_PAUSE = 0.2


def prefetch(make: Callable[[], Iterable[T]], patience: float
             ) -> Generator[T, None, None]:
    """Go through what another thread reads, which is two items ahead at most.

    :param make: makes what is gone through, in that thread
    :param patience: how long to wait for each item, in seconds
    :returns: the items
    :raises NoAnswer: when one does not come in time. The thread then ends with
        the process at the latest
    :raises Exception: whatever comes up in that thread
    """
    found: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=1)
    stop = threading.Event()
    threading.Thread(target=_read, args=(make, found, stop),
                     daemon=True).start()
    try:
        while True:
            try:
                kind, item = found.get(timeout=patience)
            except queue.Empty:
                raise exception.NoAnswer(seconds='%g' % patience) from None
            if kind == 'end':
                return
            if kind == 'error':
                raise item
            yield item
    finally:
        stop.set()


def _read(make: Callable[[], Iterable[T]], found: queue.Queue[Any],
          stop: threading.Event) -> None:
    try:
        for item in make():
            _put(found, ('item', item), stop)
            if stop.is_set():
                return
    except Exception as error:
        _put(found, ('error', error), stop)
    else:
        _put(found, ('end', None), stop)


def _put(found: queue.Queue[Any], item: tuple[str, Any],
         stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            found.put(item, timeout=_PAUSE)
            return
        except queue.Full:
            continue
