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

"""Reads on in another thread while the items that were read are used."""

# NOTE: the queue of an older eventlet takes no type in brackets.
from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from nova_lockstatus import exception
from nova_lockstatus.utils import threads

T = TypeVar('T')

_POLL_SECONDS = 0.2


def prefetch(make: Callable[[], Iterable[T]], timeout: float
             ) -> Generator[T, None, None]:
    """Yield the items that another thread reads, two at most in advance.

    :param make: returns the items; it is called in that thread
    :raises NoAnswer: when an item does not come in time. The thread then ends
        with the process at the latest
    :raises Exception: what is raised in that thread
    """
    items: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=1)
    stop = threading.Event()
    threads.start_daemon(_read, make, items, stop)
    try:
        while True:
            try:
                kind, item = items.get(timeout=timeout)
            except queue.Empty:
                raise exception.NoAnswer(seconds='%g' % timeout) from None
            if kind == 'end':
                return
            if kind == 'error':
                raise item
            yield item
    finally:
        stop.set()


def _read(make: Callable[[], Iterable[T]], items: queue.Queue[Any],
          stop: threading.Event) -> None:
    try:
        for item in make():
            _put(items, ('item', item), stop)
            if stop.is_set():
                return
    except Exception as error:
        _put(items, ('error', error), stop)
    else:
        _put(items, ('end', None), stop)


def _put(items: queue.Queue[Any], item: tuple[str, Any],
         stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            items.put(item, timeout=_POLL_SECONDS)
            return
        except queue.Full:
            continue
