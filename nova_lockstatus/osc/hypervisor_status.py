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

"""openstack hypervisor status list."""

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import error
from nova_lockstatus.osc import output

_COLUMNS = (
    output.Column('Name', 'hypervisor_hostname'),
    output.Column('State', 'state'),
    output.Column('Status', 'status'),
    output.Column('Disabled Reason', 'disabled_reason'),
    output.Column(
        'Forced Down', 'forced_down', capabilities.SERVICE_FORCED_DOWN),
    output.Column('Servers', 'servers'),
)

# NOTE: from this microversion on, Nova no longer counts the servers of a
# hypervisor. It lists them on request, with a statement for each hypervisor.
_SERVERS_BY_NAME = (2, 88)


def flatten(
    hypervisor: Mapping[str, Any], forced_down: Mapping[str, bool] | None,
) -> dict[str, Any]:
    """Make a row of a hypervisor, with the keys of the columns.

    :param hypervisor: as ``GET /os-hypervisors/detail`` returns it
    :param forced_down: by host; None where the cloud does not show it
    """
    service = hypervisor.get('service', {})
    row = {key: hypervisor[key]
           for key in ('hypervisor_hostname', 'state', 'status',
                       'disabled_reason', 'forced_down') if key in hypervisor}
    if 'disabled_reason' in service:
        row.setdefault('disabled_reason', service['disabled_reason'])
    if forced_down is not None and service.get('host') in forced_down:
        row.setdefault('forced_down', forced_down[service['host']])
    if 'running_vms' in hypervisor:
        row['servers'] = hypervisor['running_vms']
    elif 'servers' in hypervisor:
        row['servers'] = len(hypervisor['servers'])
    return row


def unique(
    hypervisors: Iterable[Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Drop the second copy of a hypervisor that is on two pages.

    From microversion 2.33 to 2.52 a page can begin too early, as two cells can
    have the same ids.
    """
    return list({(each.get('service', {}).get('host'),
                  each['hypervisor_hostname']): each
                 for each in hypervisors}.values())


class ListHypervisorStatus(output.Lister):
    """List hypervisors: whether they are up and enabled, and if not, why.

    State is up or down, as nova-compute on the host reports; status is
    enabled or disabled, as an administrator has set it. Forced down is who
    is declared to be down whatever is reported. What the cloud does not tell,
    or not you, is left out.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            '--state', choices=('up', 'down'),
            help='Hypervisors in this state')
        parser.add_argument(
            '--status', choices=('enabled', 'disabled'),
            help='Hypervisors with this status')
        return parser

    def take_action(self, args: argparse.Namespace) -> output.Table:
        client = self.client
        query = {}
        pinned = client.capabilities.pinned
        if pinned and pinned >= _SERVERS_BY_NAME:
            query['with_servers'] = 'True'
        if client.capabilities.supports(capabilities.FIND_HYPERVISORS):
            query.update({key: value for key, value in (
                ('state', args.state), ('status', args.status)) if value})
        found = unique(client.pages(
            '/os-hypervisors/detail', 'hypervisors',
            client.capabilities.microversion_for(), **query))
        forced_down = None
        if found and not all('forced_down' in each for each in found):
            forced_down = self._forced_down()
        rows = [flatten(hypervisor, forced_down) for hypervisor in found
                if args.state in (None, hypervisor.get('state'))
                and args.status in (None, hypervisor.get('status'))]
        return output.make_table(_COLUMNS, rows, client.capabilities)

    def _forced_down(self) -> dict[str, bool] | None:
        """Read ``forced_down`` of the services.

        :returns: by host; None where the cloud does not show it
        """
        client = self.client
        if not client.capabilities.supports(capabilities.SERVICE_FORCED_DOWN):
            return None
        try:
            services = client.get(
                '/os-services', client.capabilities.microversion_for(
                    capabilities.SERVICE_FORCED_DOWN),
                binary='nova-compute')['services']
        except error.Refused as exc:
            if exc.status != 403:
                raise
            return None
        return {service['host']: service['forced_down']
                for service in services if 'forced_down' in service}
