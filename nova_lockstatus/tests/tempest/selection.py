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

"""Which of Tempest's tests run."""

ALL = (
    r'tempest\.api\.compute\.servers\.',
    r'tempest\.api\.compute\.admin\.test_(create_server|delete_server'
    r'|hypervisor|servers|server_diagnostics|services)',
    r'tempest\.api\.compute\.test_(extensions|versions)\.',
)
"""Regular expressions of the tests that show, list or change servers, list
hypervisors and services, or ask which extensions there are."""

LEFT_OUT = (
    # Make networks, with a Neutron that is a stub.
    r'\.test_create_server_multi_nic\.',
)
"""Regular expressions of those that do not run, with why."""

PLUGIN = (r'^(setUpClass \()?nova_lockstatus_tempest_plugin\.',)
"""The tests of the plugin for Tempest."""

FEW = (
    r'\.test_servers\.ServersListShow296Test\.',
    r'\.test_servers\.ServerShowV247Test\.test_show_server',
    r'\.test_server_actions\..*lock_unlock',
    r'\.test_hypervisor\.HypervisorAdmin(TestJSON|V253TestBase)\.',
)
"""Those of them that tell most in the least time: servers shown, listed,
updated, rebuilt and locked, and hypervisors."""

SEES_KEYS = (
    r'\.test_hypervisor\.HypervisorAdminTestJSON.*(list|details)',
    r'\.test_servers\.ServerShowV247Test\.test_show_server',
)
"""Those that fail because of the plugin's keys."""
