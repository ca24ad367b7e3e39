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

"""The memory of processes, looked at now and then."""

import statistics
import threading

import psutil

MIB = 1 << 20

PAUSE = 2
"""Seconds between two looks."""


class Memory(threading.Thread):
    """Looks at the processes that a process has started.

    What counts is the memory that a process shares with no other, its unique
    set size. ``sizes`` has those of each in MiB, ``gone`` tells whether one
    has ended meanwhile.

    :param parent: the id of the process that has started them
    """

    def __init__(self, parent):
        super().__init__(daemon=True)
        self._children = psutil.Process(parent).children()
        self._ended = threading.Event()
        self.sizes = {child.pid: [] for child in self._children}
        self.gone = False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exc):
        self._ended.set()
        self.join()

    def run(self):
        """Look until the end."""
        while not self._ended.wait(PAUSE):
            for child in self._children:
                try:
                    size = child.memory_full_info().uss
                except psutil.NoSuchProcess:
                    self.gone = True
                    return
                self.sizes[child.pid].append(size / MIB)


def growth(sizes):
    """Tell how much a process has grown.

    :param sizes: its sizes, one after the other
    :returns: the median of the first fifth, and the median of the last one
    """
    share = max(1, len(sizes) // 5)
    return statistics.median(sizes[:share]), statistics.median(sizes[-share:])
