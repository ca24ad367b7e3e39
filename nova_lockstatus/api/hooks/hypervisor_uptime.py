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

"""Asks many hosts for their uptime at the same time, and not for long.

From microversion 2.88 on, Nova asks the host of each hypervisor that has not
stored its uptime, one after the other; one that does not answer makes the list
an internal error, after a minute.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from nova import context as nova_context
from nova import exception as nova_exception
from nova.conf import CONF
from oslo_log import log as logging

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.extensions import hypervisor_status
from nova_lockstatus.gateway import compute_rpc
from nova_lockstatus.utils import terminal
from nova_lockstatus.utils.threads import run_parallel

LOG = logging.getLogger(__name__)

MAX_PARALLEL_HOSTS = 64
"""How many hosts are asked at the same time."""


class _UptimeReader:
    """Asks hosts for their uptime, until the time is up."""

    def __init__(self) -> None:
        self._end: float = (time.monotonic()
                            + CONF.lockstatus.hypervisor_uptime_timeout)

    @property
    def left(self) -> float:
        """Return how many seconds are left."""
        return self._end - time.monotonic()

    def ask(self, context: Any, host: str) -> str | None:
        """Ask one host.

        :param context: a RequestContext of its cell
        :param host: its name
        :returns: the uptime, None where it does not answer
        """
        seconds = self.left
        if seconds <= 0:
            return None
        rpcapi = compute_rpc.ComputeAPI(seconds)
        try:
            uptime: str | None = rpcapi.get_host_uptime(context, host=host)
        except NotImplementedError:
            # The driver has none.
            return None
        except Exception as error:
            LOG.warning('Host %(host)s does not tell its uptime: %(error)s',
                        {'host': host, 'error': terminal.one_line(error)})
            return None
        return uptime


def _ask_all(reader: _UptimeReader, contexts: Iterable[tuple[Any, str]]
             ) -> dict[str, str | None]:
    """Ask hosts at the same time.

    :param reader: asks one
    :param contexts: pairs of a RequestContext of a host's cell and the host
    :returns: the uptimes; who did not answer in time is not there
    """
    uptimes: dict[str, str | None] = {}

    def ask(item: tuple[Any, str]) -> None:
        context, host = item
        uptimes[host] = reader.ask(context, host)

    run_parallel(
        ask, contexts, MAX_PARALLEL_HOSTS, max(reader.left, 0) + 1)
    return dict(uptimes)


class _Uptimes:
    """The uptimes of the hosts of a list, asked for when Nova wants one.

    :param api: Nova's HostAPI
    :param context: the caller's RequestContext
    :param hosts: the hosts of the list
    """

    def __init__(self, api: Any, context: Any, hosts: Any) -> None:
        self._api = api
        self._context = context
        self._hosts = hosts
        self._reader = _UptimeReader()
        self._found: dict[str, str | None] = {}
        self._ask({node.host for node in hosts.nodes
                   if not ('stats' in node and 'uptime' in node.stats)})

    def get(self, host: str) -> str | None:
        """Return the uptime of a host, None where it does not answer."""
        if host not in self._found:
            # NOTE: older releases do not look for one that is stored.
            self._ask({node.host for node in self._hosts.nodes})
        return self._found.get(host)

    def _ask(self, names: set[str]) -> None:
        names -= self._found.keys()
        self._found.update(dict.fromkeys(names))
        self._found.update(_ask_all(self._reader, _to_ask(
            self._api, self._context, self._hosts, names)))


def _to_ask(api: Any, context: Any, hosts: Any, names: Iterable[str]
            ) -> list[tuple[Any, str]]:
    """Return the hosts that are up, each with a context of its cell."""
    targeted: dict[str, Any] = {}
    asked = []
    for host in sorted(filter(None, names)):
        try:
            cell = hosts.cell(host)
            service = hosts.service(host)
        except (nova_exception.ComputeHostNotFound,
                nova_exception.HostMappingNotFound):
            continue
        if api.servicegroup_api.service_is_up(service):
            if cell.uuid not in targeted:
                with nova_context.target_cell(context, cell) as found:
                    targeted[cell.uuid] = found
            asked.append((targeted[cell.uuid], host))
    return asked


def _get_host_uptime(original: Callable[..., Any], state: RequestState,
                     api: Any, context: Any, host_name: str) -> Any:
    shown = state.hypervisors
    if shown.viewed_service is None:
        # Not for a key of a hypervisor, but by the old call for it.
        return original(api, context, host_name)
    if not api.servicegroup_api.service_is_up(shown.viewed_service):
        uptime = None
    elif shown.hosts is None:
        # Nova has targeted the context at the cell of the only host.
        uptime = _UptimeReader().ask(context, host_name)
    else:
        if shown.uptimes is None:
            shown.uptimes = _Uptimes(api, context, shown.hosts)
        uptime = shown.uptimes.get(host_name)
    if uptime is None:
        raise nova_exception.ComputeServiceUnavailable(host=host_name)
    return uptime


# NOTE: the view of hypervisors takes ComputeServiceUnavailable for a null,
# since release 23.
HOOKS = (
    Hook('nova.compute.api:HostAPI', 'get_host_uptime',
         ('self', 'context', 'host_name'), _get_host_uptime,
         relies_on=('nova.compute.rpcapi:ComputeAPI.get_host_uptime',
                    'nova.exception:ComputeServiceUnavailable',
                    *compute_rpc.RELIES_ON),
         alias=hypervisor_status.HypervisorStatus.alias),
)
