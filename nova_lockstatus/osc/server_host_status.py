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

"""openstack server host status."""

import argparse

from nova_lockstatus.osc import bulk
from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import error
from nova_lockstatus.osc import output
from nova_lockstatus.osc import server_filter

_COLUMNS = (
    output.Column('ID', 'id'),
    output.Column('Name', 'name'),
    output.Column('Host', 'OS-EXT-SRV-ATTR:host'),
    output.Column(output.HOST_STATUS, 'host_status'),
    output.Column('Error', 'error'),
)


class ShowServerHostStatus(bulk.NamedServers):
    """Show whether the hosts of servers are up.

    UP, DOWN (forced down), MAINTENANCE (disabled), UNKNOWN (its nova-compute
    does not report), or nothing for a server that is on no host. Whom the
    cloud does not let see it all may see UNKNOWN alone, or nothing. The exit
    code is 1 if one of the servers is not found.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'servers', metavar='<server>', nargs='+',
            help='The servers, by name or id')
        server_filter.add_all_projects(parser)
        bulk.add_argument(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> output.Table:
        client = self.client
        client.capabilities.require(capabilities.HOST_STATUS)
        outcomes = self.find(args, client.capabilities.microversion_for(
            capabilities.HOST_STATUS))
        found = [outcome.result for outcome in outcomes if outcome.result]
        if found and not any('host_status' in server for server in found):
            raise error.CommandError(
                'The cloud does not show you %s.'
                % capabilities.HOST_STATUS.title)
        self.report_failures(len(outcomes) - len(found), len(outcomes),
                             'were not found')
        return output.make_table(
            _COLUMNS,
            [outcome.result or {'name': outcome.item, 'id': '',
                                'error': str(outcome.failure)}
             for outcome in outcomes], client.capabilities)
