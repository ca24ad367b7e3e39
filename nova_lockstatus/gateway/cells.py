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

"""Calls a function for each cell, so that none holds up the others."""

import threading
import time
from collections.abc import Callable
from typing import Any

from nova import context as nova_context
from nova import exception as nova_exception
from nova.objects import cell_mapping

from nova_lockstatus.utils import logs
from nova_lockstatus.utils import threads
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.metrics import NO_METRICS
from nova_lockstatus.utils.metrics import Metrics

LOG = logs.logger(__name__)

LIST_KEPT_SECONDS = 60
"""Seconds for which a task that runs often keeps the list of cells."""

FIND_TIMEOUT = 2
"""Seconds after which the mapping of a cell is used as it was read before."""

_LIST = 'list'
"""The key of a thread that reads the API database. The others have a uuid."""


def context(cell: Any) -> Any:
    """Make an admin's context, with a request id of its own.

    By that id, nova-compute finds the instance action that it works on.

    :param cell: the CellMapping to target
    """
    targeted = nova_context.get_admin_context()
    nova_context.set_target_cell(targeted, cell)
    return targeted


class CellRemoved(Exception):
    """The cell has no mapping any more."""


def find(caller: Any, uuid: str) -> Any:
    """Read a CellMapping from the API database.

    :param caller: a RequestContext
    :raises CellRemoved: when there is none
    """
    try:
        return cell_mapping.CellMapping.get_by_uuid(caller, uuid)
    except nova_exception.CellMappingNotFound as error:
        raise CellRemoved(uuid) from error


class CellFinder:
    """Finds the mappings of cells, also while the API database is away."""

    def __init__(self) -> None:
        self._bulkhead = threads.Bulkhead(FIND_TIMEOUT)
        self._known: dict[str, Any] = {}

    def find(self, caller: Any, uuid: str) -> Any:
        """Read a CellMapping, or return it as it was when it was last read.

        :param caller: a RequestContext
        :raises CellRemoved: when there is none
        :raises Exception: when it cannot be read, and was never read before
        """
        if uuid not in self._known:
            self._known[uuid] = find(caller, uuid)
            return self._known[uuid]
        try:
            self._known[uuid] = self._bulkhead.call(
                _LIST, lambda: find(nova_context.get_admin_context(), uuid))
        except CellRemoved:
            raise
        except Exception:
            LOG.debug('The mapping of cell %s cannot be read.', uuid,
                      exc_info=True)
        return self._known[uuid]


def forget_connections() -> None:
    """Forget the databases that a parent process has opened, after a fork."""
    # NOTE: as Nova's own services: a child cannot use its connections.
    nova_context.CELL_CACHE = {}


def list_all() -> list[Any]:
    """Read the CellMappings of all cells, in the order of their names."""
    # NOTE: cell0 too: a server that could not be scheduled can be locked.
    return sorted(cell_mapping.CellMappingList.get_all(
        nova_context.get_admin_context()), key=name)


def name(cell: Any) -> str:
    """Return the name of a cell, or its uuid where it has none."""
    return str(cell.name or cell.uuid)


def label(cell: Any) -> str:
    """Return the name of a cell and its uuid, for a log.

    :param cell: its CellMapping
    """
    return '%s (%s)' % (cell.name, cell.uuid) if cell.name else str(cell.uuid)


def check_read(log_once: LogOnce, what: str, cell: Any, result: Any) -> bool:
    """Log once that a cell cannot be read, and once that it can again.

    :param log_once: knows what was logged before
    :param what: what follows from it, with a place for the cell
    :param cell: its CellMapping
    :param result: what nova.context.scatter_gather_cells() has for it
    :returns: whether it was read
    """
    line = what % label(cell)
    if not nova_context.is_cell_failure_sentinel(result):
        log_once.worked(line)
        return True
    log_once.failed(line, result if isinstance(result, Exception)
                    else nova_exception.CellTimeout())
    return False


class CellRunner:
    """Calls a function for each cell, in a thread for each.

    :param task: the name of the periodic task, for the log and the metrics
    :param list_kept: seconds for which the list of cells is kept
    :param cell0: whether to include cell0, whose servers are on no host
    """

    def __init__(self, task: str, list_kept: float = 0,
                 metrics: Metrics = NO_METRICS,
                 cell0: bool = False) -> None:
        self._task = task
        self._list_kept = list_kept
        self._metrics = metrics
        self._cell0 = cell0
        self._loaded_at: float | None = None
        self._mappings: list[Any] = []
        self._threads: dict[str, threading.Thread] = {}
        self._log_once = LogOnce()

    def each(self, function: Callable[[Any], None], stop: threading.Event,
             timeout: float) -> None:
        """Call a function for each cell.

        A cell for which the last call still goes on is left out. Where the
        list of cells cannot be read, or not in time, the last one is used.

        :param function: is called with the CellMapping. What it raises is
            logged once for each cause
        :param stop: when it is set, nothing is waited for
        :param timeout: seconds to wait at the most until all are done
        """
        deadline = time.monotonic() + timeout
        if not self._is_fresh:
            threads.join(self._start(_LIST, self._load), timeout, stop)
        started = [thread for cell in self._mappings
                   for thread in self._start(cell.uuid, self._poll, function,
                                             cell)]
        threads.join(started, deadline - time.monotonic(), stop)

    def _start(self, key: str, function: Callable[..., None], *args: Any
               ) -> list[threading.Thread]:
        """Call a function in a thread, unless the last such call goes on.

        :returns: the thread, none where there is no new one
        """
        running = self._threads.get(key)
        if running is not None and running.is_alive():
            return []
        self._threads[key] = threads.start_daemon(function, *args)
        return [self._threads[key]]

    @property
    def _is_fresh(self) -> bool:
        return (self._loaded_at is not None
                and time.monotonic() < self._loaded_at + self._list_kept)

    def _load(self) -> None:
        now = time.monotonic()
        with self._log_once.attempt(
                'The list of cells cannot be read (task: %s)' % self._task,
                Exception):
            mappings = cell_mapping.CellMappingList.get_all(
                nova_context.get_admin_context())
            # A disabled cell takes no new servers, but has its old ones.
            self._mappings = [cell for cell in mappings
                              if self._cell0 or not cell.is_cell0()]
            self._loaded_at = now

    def _poll(self, function: Callable[[Any], None], cell: Any) -> None:
        self._metrics.cell_poll_started(self._task, name(cell))
        with self._log_once.attempt(
                'The cell %s cannot be worked through (task: %s)' % (
                    label(cell), self._task), Exception):
            function(cell)
            self._metrics.cell_poll_finished(self._task, name(cell))


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
    threads.run_parallel(
        lambda item: function(*item), hosts.items(), workers)
