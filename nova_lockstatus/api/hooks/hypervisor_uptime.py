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

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.extensions import hypervisor_status
from nova_lockstatus.gateway import compute_rpc
from nova_lockstatus.utils.log_once import LogOnce
from nova_lockstatus.utils.threads import run_parallel

UNREAD = 'The uptime of the host %s cannot be read'

_LOG_ONCE = LogOnce()

MAX_PARALLEL_HOSTS = 64
"""How many hosts are asked at the same time."""


def _deadline() -> float:
    return float(time.monotonic() + CONF.lockstatus.hypervisor_uptime_timeout)


def _get_uptime(context: Any, host: str, deadline: float) -> str | None:
    """Ask one host, with a context of its cell.

    :param deadline: until when, in seconds of the monotonic clock
    :returns: the uptime, None where it does not answer
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        return None
    try:
        uptime: str | None = compute_rpc.ComputeAPI(seconds).get_host_uptime(
            context, host=host)
    except NotImplementedError:
        # The driver has none.
        return None
    except Exception as error:
        _LOG_ONCE.failed(UNREAD % host, error)
        return None
    _LOG_ONCE.worked(UNREAD % host)
    return uptime


class _Uptimes:
    """The uptimes of the hosts of a list, asked for when Nova wants one."""

    def __init__(self, api: Any, context: Any, hosts: Any) -> None:
        self._api = api
        self._context = context
        self._hosts = hosts
        self._deadline = _deadline()
        self._found: dict[str, str | None] = {}
        self._get_uptimes({
            node.host for node in hosts.nodes
            if not ('stats' in node and 'uptime' in node.stats)})

    def get(self, host: str) -> str | None:
        """Return the uptime of a host, None where it does not answer."""
        if host not in self._found:
            # NOTE: older releases do not look for one that is stored.
            self._get_uptimes({node.host for node in self._hosts.nodes})
        return self._found.get(host)

    def _get_uptimes(self, names: set[str]) -> None:
        names -= self._found.keys()
        self._found.update(dict.fromkeys(names))
        # A host that answers too late writes into this one.
        uptimes: dict[str, str | None] = {}

        def get_uptime(item: tuple[Any, str]) -> None:
            context, host = item
            uptimes[host] = _get_uptime(context, host, self._deadline)

        run_parallel(get_uptime, self._reachable_hosts(names),
                     MAX_PARALLEL_HOSTS,
                     max(self._deadline - time.monotonic(), 0) + 1)
        self._found.update(dict(uptimes))

    def _reachable_hosts(self, names: Iterable[str]) -> list[tuple[Any, str]]:
        """Return the hosts that are up, each with a context of its cell."""
        targeted: dict[str, Any] = {}
        targets = []
        for host in sorted(filter(None, names)):
            try:
                cell = self._hosts.cell(host)
                service = self._hosts.service(host)
            except (nova_exception.ComputeHostNotFound,
                    nova_exception.HostMappingNotFound):
                continue
            if self._api.servicegroup_api.service_is_up(service):
                if cell.uuid not in targeted:
                    with nova_context.target_cell(
                            self._context, cell) as found:
                        targeted[cell.uuid] = found
                targets.append((targeted[cell.uuid], host))
        return targets


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
        uptime = _get_uptime(context, host_name, _deadline())
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
