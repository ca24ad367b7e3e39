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
from nova_lockstatus.osc import client
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

# NOTE: from there on Nova no longer says how many servers a hypervisor has,
# but names them when it is asked to, with a query for each hypervisor.
_SERVERS_BY_NAME = (2, 88)


def flatten(
    hypervisor: Mapping[str, Any], forced_down: Mapping[str, bool] | None,
) -> dict[str, Any]:
    """Make a row of a hypervisor.

    :param hypervisor: as GET /os-hypervisors/detail has it
    :param forced_down: by host; None where the cloud does not tell it
    :returns: the values by the keys of the columns
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
    """Take a hypervisor once that two pages have.

    From microversion 2.33 to 2.52 a page can begin too early, as two cells can
    have the same ids.

    :param hypervisors: as GET /os-hypervisors/detail has them
    :returns: the same, in their order
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
        """Add the arguments.

        :param prog_name: the command's name
        :returns: its parser
        """
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            '--state', choices=('up', 'down'),
            help='Hypervisors in this state')
        parser.add_argument(
            '--status', choices=('enabled', 'disabled'),
            help='Hypervisors with this status')
        return parser

    def take_action(
        self, args: argparse.Namespace,
    ) -> tuple[list[str], list[list[Any]]]:
        """List the hypervisors.

        :param args: the arguments
        :returns: heads and rows
        :raises error.CommandError: when the cloud refuses it
        """
        cloud: client.ComputeClient = self.app.client_manager.lockstatus
        query = {}
        pinned = cloud.offer.pinned
        if pinned and pinned >= _SERVERS_BY_NAME:
            query['with_servers'] = 'True'
        if cloud.offer.gives(capabilities.FIND_HYPERVISORS):
            query.update({key: value for key, value in (
                ('state', args.state), ('status', args.status)) if value})
        found = unique(cloud.pages(
            '/os-hypervisors/detail', 'hypervisors', cloud.offer.choose(),
            **query))
        forced_down = None
        if found and not all('forced_down' in each for each in found):
            forced_down = self._forced_down(cloud)
        rows = [flatten(hypervisor, forced_down) for hypervisor in found
                if args.state in (None, hypervisor.get('state'))
                and args.status in (None, hypervisor.get('status'))]
        return output.lay_out(_COLUMNS, rows, cloud.offer)

    def _forced_down(self, cloud: client.ComputeClient
                     ) -> dict[str, bool] | None:
        """Ask the services, in a cloud that does not tell it here.

        :returns: by host; None where nobody tells it, or not the user
        """
        if not cloud.offer.gives(capabilities.SERVICE_FORCED_DOWN):
            return None
        try:
            services = cloud.get(
                '/os-services',
                cloud.offer.choose(capabilities.SERVICE_FORCED_DOWN),
                binary='nova-compute')['services']
        except error.Refused as exc:
            if exc.status != 403:
                raise
            return None
        return {service['host']: service['forced_down']
                for service in services if 'forced_down' in service}
