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


"""Lists the compute hosts with their status, and changes it."""

import dataclasses
import urllib.parse
from typing import Any

from nova_lockstatus.dashboard.compute import ComputeClient

STATUSES = ('UP', 'UNKNOWN', 'DOWN', 'MAINTENANCE')

# NOTE: from 2.53 on the id of a service counts in all cells; up to 2.87 a
# hypervisor has the number of its servers.
_MICROVERSION = '2.53'


@dataclasses.dataclass
class Host:
    """A compute host.

    :param service_id: the id of its nova-compute service
    :param state: ``up`` or ``down``
    :param status: ``enabled`` or ``disabled``
    :param forced_down: None where the cloud does not show it
    :param servers: on all of its hypervisors
    """

    name: str
    service_id: str
    state: str
    status: str
    disabled_reason: str | None
    forced_down: bool | None
    servers: int = 0

    @property
    def host_status(self) -> str:
        """The status of the host as servers show it.

        NOTE: the order is Nova's, in get_instance_host_status() of its
        compute API.
        """
        if self.forced_down:
            return 'DOWN'
        if self.status == 'disabled':
            return 'MAINTENANCE'
        return 'UP' if self.state == 'up' else 'UNKNOWN'


def list_hosts(client: ComputeClient) -> list[Host]:
    """List the compute hosts, by their names, in a call for each page.

    :raises ComputeError: when the cloud refuses it
    """
    hosts: dict[str, Host] = {}
    query: list[tuple[str, str]] = []
    while True:
        body = client.get('/os-hypervisors/detail', query, _MICROVERSION)
        for hypervisor in body['hypervisors']:
            host = _host(hypervisor)
            known = hosts.setdefault(host.name, host)
            # A host of bare metal has several.
            known.servers += hypervisor.get('running_vms') or 0
        links = [link['href'] for link in body.get('hypervisors_links', ())
                 if link['rel'] == 'next']
        if not links:
            return [hosts[name] for name in sorted(hosts)]
        query = urllib.parse.parse_qsl(urllib.parse.urlsplit(links[0]).query)


def _host(hypervisor: dict[str, Any]) -> Host:
    service = hypervisor['service']
    return Host(
        service['host'], service['id'], hypervisor['state'],
        hypervisor['status'], service.get('disabled_reason'),
        hypervisor.get('forced_down'))


def count_servers(hosts: list[Host]) -> dict[str, int]:
    """Count the servers by the status of their hosts."""
    counts = dict.fromkeys(STATUSES, 0)
    for host in hosts:
        counts[host.host_status] += host.servers
    return counts


def force_down(client: ComputeClient, service_id: str, value: bool) -> None:
    """Say that a host is down, or take it back.

    :raises ComputeError: when the cloud refuses it
    """
    _change(client, service_id, {'forced_down': value})


def enable(client: ComputeClient, service_id: str) -> None:
    """Let servers be started on a host.

    :raises ComputeError: when the cloud refuses it
    """
    _change(client, service_id, {'status': 'enabled'})


def disable(client: ComputeClient, service_id: str, reason: str) -> None:
    """Let no server be started on a host.

    :param reason: empty for none
    :raises ComputeError: when the cloud refuses it
    """
    _change(client, service_id, {
        'status': 'disabled', **({'disabled_reason': reason}
                                 if reason else {})})


def _change(
    client: ComputeClient, service_id: str, values: dict[str, Any],
) -> None:
    client.put('/os-services/' + service_id, values, _MICROVERSION)
