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

"""Goes to all cells at the same time, so that one does not hold up others."""

import threading
import time
from collections.abc import Callable
from typing import Any

from nova import context as nova_context
from nova import objects

from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics
from nova_lockstatus.utils.threads import run_parallel


def context(cell: Any) -> Any:
    """Make an admin's context, with a request id of its own.

    By that, nova-compute finds the instance action that it works on.

    :param cell: the CellMapping to target
    :returns: the RequestContext
    """
    targeted = nova_context.get_admin_context()
    nova_context.set_target_cell(targeted, cell)
    return targeted


def list_all() -> list[Any]:
    """Read the CellMappings of all cells, in the order of their names."""
    # NOTE: cell0 too: a server that could not be scheduled can be locked.
    return sorted(objects.CellMappingList.get_all(
        nova_context.get_admin_context()), key=name)


def name(cell: Any) -> str:
    """Return what a cell is called.

    :param cell: its CellMapping
    :returns: its name, or its uuid where it has none
    """
    return str(cell.name or cell.uuid)


LIST_KEPT_SECONDS = 60
"""Seconds for which the list of cells is kept by those who look often."""

_LIST = 'list'
"""What the call that reads the list is known by: no uuid is like that."""


class CellRunner:
    """The cells of a Nova.

    :param duty: whose they are, for the log
    :param kept: seconds for which the list of them is kept
    :param metrics: are told of the looks, and which of them are finished
    :param cell0: whether the cell is one of them whose servers are on no host
    """

    def __init__(self, duty: str, kept: float = 0,
                 metrics: Metrics = NO_METRICS,
                 cell0: bool = False) -> None:
        self._duty = duty
        self._kept = kept
        self._metrics = metrics
        self._cell0 = cell0
        self._loaded_at: float | None = None
        self._mappings: list[Any] = []
        self._busy: dict[str, threading.Thread] = {}
        self._complaints = LogOnce()

    def each(self, function: Callable[[Any], None], stop: threading.Event,
             patience: float) -> None:
        """Call a function for each cell, each in a thread of its own.

        A cell that is not done since the last time is left out. Where the
        list of cells cannot be read, or not in time, it is the one of before.

        :param function: is called with the CellMapping. What it raises is
            logged once for each cause
        :param stop: when it is set, nothing is waited for
        :param patience: seconds to wait at the most until all are done
        """
        deadline = time.monotonic() + patience
        if not self._is_fresh:
            # The one of before is good enough while a new one is not there.
            wait(self._start(_LIST, self._load), stop, patience)
        threads = [thread for cell in self._mappings
                   for thread in self._start(cell.uuid, self._call, function,
                                             cell)]
        wait(threads, stop, deadline - time.monotonic())

    def _start(self, name: str, function: Callable[..., None], *args: Any
               ) -> list[threading.Thread]:
        """Call a function in a thread, unless the last such call goes on.

        :returns: the thread, none where there is no new one
        """
        running = self._busy.get(name)
        if running is not None and running.is_alive():
            return []
        # NOTE: a daemon: a database that does not answer must not keep the
        # process from ending.
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._busy[name] = thread
        thread.start()
        return [thread]

    @property
    def _is_fresh(self) -> bool:
        return (self._loaded_at is not None
                and time.monotonic() < self._loaded_at + self._kept)

    def _load(self) -> None:
        what = '%s: the cells cannot be read' % self._duty
        now = time.monotonic()
        try:
            mappings = objects.CellMappingList.get_all(
                nova_context.get_admin_context())
        except Exception as error:
            self._complaints.failed(what, error)
        else:
            # A disabled cell takes no new servers, but has its old ones.
            self._mappings = [cell for cell in mappings
                              if self._cell0 or not cell.is_cell0()]
            self._loaded_at = now
            self._complaints.worked(what)

    def _call(self, function: Callable[[Any], None], cell: Any) -> None:
        what = '%s: the look at the cell %s is not finished' % (
            self._duty, name(cell))
        self._metrics.looks(self._duty, name(cell))
        try:
            function(cell)
        except Exception as error:
            self._complaints.failed(what, error)
        else:
            self._complaints.worked(what)
            self._metrics.looked(self._duty, name(cell))


def wait(threads: list[threading.Thread], stop: threading.Event,
         patience: float) -> None:
    """Wait for threads to end.

    :param threads: they
    :param stop: when it is set, they are waited for no longer
    :param patience: seconds to wait at the most
    """
    deadline = time.monotonic() + patience
    for thread in threads:
        while (thread.is_alive() and not stop.is_set()
               and time.monotonic() < deadline):
            thread.join(0.1)


def each_host(rows: list[Any], function: Callable[[str, list[Any]], None],
              workers: int) -> None:
    """Call a function for each host, for some hosts at the same time.

    :param rows: of any hosts, each with a ``host``
    :param function: is called with a host and its rows
    :param workers: for how many hosts at the same time
    """
    hosts: dict[str, list[Any]] = {}
    for row in rows:
        hosts.setdefault(row.host, []).append(row)
    run_parallel(
        lambda item: function(*item), hosts.items(), workers)
