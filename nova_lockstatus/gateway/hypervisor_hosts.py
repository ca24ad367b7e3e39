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

"""Reads the hosts of a list of hypervisors, all at once.

Nova looks up the cell of each host and reads its service there, one host after
the other. This reads the mappings of all hosts with one statement, and their
services with one statement for each cell.
"""

import collections
import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from nova import context as nova_context
from nova import exception as nova_exception
from nova.compute import api as compute
from nova.conf import CONF
from nova.db.api import api as api_db
from nova.db.api import models as api_models
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import host_status
from nova_lockstatus.gateway import cells as cell_module
from nova_lockstatus.gateway import hypervisor_rows
from nova_lockstatus.utils.log_once import LogOnce

LEFT_OUT = 'The hypervisors of cell %s are left out of lists'

_LOG_ONCE = LogOnce()

MAX_NAMED_HOSTS = 1000
"""How many hosts a statement names; for more, it reads all hosts."""


def cells() -> list[Any]:
    """Return the CellMappings that hypervisors can be in, in Nova's order."""
    compute.load_cells()
    return [cell for cell in compute.CELLS if not cell.is_cell0()]


class _Call:
    # NOTE: Nova's DownCellFixture takes nothing but a bound method.
    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]
                 ) -> None:
        self._function = function
        self._args = args

    def run(self, context: Any) -> Any:
        return self._function(context, *self._args)


def query_cells(context: Any, mappings: Iterable[Any],
                function: Callable[..., Any], *args: Any) -> dict[str, Any]:
    """Call a function for each cell, and leave out cells that do not answer.

    :param context: the caller's RequestContext, which is left as it is
    :param function: is called with a context of the cell and the arguments, in
        a thread
    :returns: the results, by the cell's uuid; an error of Nova's that the
        function raised is the result of its cell
    :raises Exception: when no cell answers
    """
    mappings = list(mappings)
    found = nova_context.scatter_gather_cells(
        context, mappings, nova_context.CELL_TIMEOUT,
        _Call(function, args).run)
    results = {}
    for mapping in mappings:
        result = found[mapping.uuid]
        # An error of Nova's says that the cell has answered.
        if isinstance(result, nova_exception.NovaException) or (
                cell_module.check_read(_LOG_ONCE, LEFT_OUT, mapping, result)):
            results[mapping.uuid] = result
    if mappings and not results:
        raise next((result for result in found.values()
                    if isinstance(result, Exception)),
                   nova_exception.CellTimeout())
    return results


class Hosts:
    """The cells, services and servers of hosts, read on first use."""

    def __init__(self, context: Any, nodes: Collection[Any]) -> None:
        self._context = context
        self.nodes = nodes
        self._names = sorted({node.host for node in nodes
                              if node.host is not None})
        self._fold: Callable[[str], str] = str

    def cell(self, host: str | None) -> Any:
        """Return the cell of a host, by Nova's mapping of the host.

        :returns: the CellMapping, None if this process has not loaded it yet
        :raises HostMappingNotFound: when the host is in no cell
        """
        if host is None or not self.is_mapped(host):
            raise nova_exception.HostMappingNotFound(name=host)
        cell_ids, known = self._mapped
        return known.get(cell_ids[self._fold(host)])

    def is_mapped(self, host: str | None) -> bool:
        """Tell whether a host of this name is in a cell."""
        return host is not None and self._fold(host) in self._mapped[0]

    def service(self, host: str) -> Any:
        """Return the Service of a host's nova-compute.

        :raises HostMappingNotFound: when the host is in no cell
        :raises ComputeHostNotFound: when it has none, or its cell is down
        """
        cell = self.cell(host)
        service = cell and self._services.get(cell.uuid, {}).get(
            self._fold(host))
        if service is None:
            raise nova_exception.ComputeHostNotFound(host=host)
        return service

    def servers(self, host: str) -> Collection[Mapping[str, str]]:
        """Return name and uuid of each server of a host.

        :raises HostMappingNotFound: when the host is in no cell
        """
        cell = self.cell(host)
        if cell.uuid not in self._services:
            # The hypervisor is not listed either.
            return ()
        try:
            servers = self._servers[cell.uuid]
        except KeyError as error:
            # An empty list would say that there are none.
            raise nova_exception.CellTimeout() from error
        return servers.get(self._fold(host), ())

    @functools.cached_property
    def _mapped(self) -> tuple[dict[str, int], dict[int, Any]]:
        """Return the id of each host's cell, and the cells by that id."""
        row = api_models.HostMapping
        with api_db.context_manager.reader.using(self._context) as session:
            if session.get_bind().dialect.name in ('mysql', 'mariadb'):
                self._fold = _fold
            query = session.query(row.host, row.cell_id)
            found = {self._fold(host): cell_id for host, cell_id
                     in _named(query, row.host, self._names)}
        compute.load_cells()
        return found, {cell.id: cell for cell in compute.CELLS}

    def _in_cells(self, function: Callable[[Any], Any]) -> dict[str, Any]:
        mapped, known = self._mapped
        wanted = {known[cell_id].uuid: known[cell_id]
                  for cell_id in mapped.values() if cell_id in known}
        return query_cells(self._context, wanted.values(), function)

    @functools.cached_property
    def _services(self) -> dict[str, dict[str, Any]]:
        return self._in_cells(self._read_services)

    def _read_services(self, context: Any) -> dict[str, Any]:
        row = models.Service
        with db.get_context_manager(context).reader.using(context) as session:
            # As db.service_get_by_compute_host() asks for one of them.
            query = session.query(*row.__table__.columns).filter(
                row.binary == host_status.BINARY, row.deleted == 0)
            return {self._fold(found.host): hypervisor_rows.Service(
                        context, dict(found._mapping))
                    for found in _named(query, row.host, self._names)}

    @functools.cached_property
    def _servers(self) -> dict[str, dict[str, list[Mapping[str, str]]]]:
        return self._in_cells(self._read_servers)

    def _read_servers(self, context: Any
                      ) -> dict[str, list[Mapping[str, str]]]:
        row = models.Instance
        columns = ((row.host, row.uuid, row.id) if _names_by_id() else (row,))
        found: dict[str, list[Mapping[str, str]]] = (
            collections.defaultdict(list))
        with db.get_context_manager(context).reader.using(context) as session:
            query = session.query(*columns).filter(row.deleted == 0).order_by(
                row.id)
            for server in _named(query, row.host, self._names):
                found[self._fold(server.host)].append(
                    {'name': _name(server), 'uuid': server.uuid})
        return found


def _named(query: Any, column: Any, names: list[str]) -> Any:
    if len(names) > MAX_NAMED_HOSTS:
        return query.filter(column.isnot(None))
    return query.filter(column.in_(names))


def _fold(name: str) -> str:
    """Normalize a name: names that MySQL takes for equal become equal."""
    return name.casefold().rstrip(' ')


def _names_by_id() -> bool:
    """Tell whether instance_name_template needs the id alone."""
    try:
        _ = CONF.instance_name_template % 1
    except TypeError:
        return False
    return True


def _name(server: Any) -> str:
    name: str = (CONF.instance_name_template % server.id
                 if _names_by_id() else server.name)
    return name
