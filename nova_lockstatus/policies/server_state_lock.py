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

"""The rule on changing a server that is locked."""

from typing import Any

from oslo_policy import policy

from nova_lockstatus.policies import base

BASE_POLICY_NAME = 'os_compute_api:os-server-state-lock:%s'
BYPASS = BASE_POLICY_NAME % 'bypass'

CHANGES_A_SERVER: Any = [
    {'method': 'PUT', 'path': '/servers/{server_id}'},
    {'method': 'DELETE', 'path': '/servers/{server_id}'},
    {'method': 'POST', 'path': '/servers/{server_id}/action'},
    {'method': 'POST', 'path': '/servers/{server_id}/metadata'},
    {'method': 'PUT', 'path': '/servers/{server_id}/metadata'},
    {'method': 'PUT', 'path': '/servers/{server_id}/metadata/{key}'},
    {'method': 'DELETE', 'path': '/servers/{server_id}/metadata/{key}'},
    {'method': 'DELETE',
     'path': '/servers/{server_id}/migrations/{migration_id}'},
    {'method': 'POST',
     'path': '/servers/{server_id}/migrations/{migration_id}/action'},
    {'method': 'POST', 'path': '/servers/{server_id}/os-interface'},
    {'method': 'DELETE',
     'path': '/servers/{server_id}/os-interface/{port_id}'},
    {'method': 'DELETE', 'path': '/servers/{server_id}/os-server-password'},
    {'method': 'POST', 'path': '/servers/{server_id}/os-volume_attachments'},
    {'method': 'PUT',
     'path': '/servers/{server_id}/os-volume_attachments/{volume_id}'},
    {'method': 'DELETE',
     'path': '/servers/{server_id}/os-volume_attachments/{volume_id}'},
    {'method': 'POST', 'path': '/servers/{server_id}/shares'},
    {'method': 'DELETE', 'path': '/servers/{server_id}/shares/{share_id}'},
    {'method': 'PUT', 'path': '/servers/{server_id}/tags'},
    {'method': 'DELETE', 'path': '/servers/{server_id}/tags'},
    {'method': 'PUT', 'path': '/servers/{server_id}/tags/{tag}'},
    {'method': 'DELETE', 'path': '/servers/{server_id}/tags/{tag}'},
    {'method': 'DELETE', 'path': '/os-floating-ips/{floating_ip_id}'},
    {'method': 'DELETE', 'path': '/os-server-groups/{server_group_id}'},
    {'method': 'PUT', 'path': '/os-hosts/{host_name}'},
    {'method': 'GET', 'path': '/os-hosts/{host_name}/reboot'},
    {'method': 'GET', 'path': '/os-hosts/{host_name}/shutdown'},
    {'method': 'PUT', 'path': '/os-volumes_boot/{server_id}'},
    {'method': 'DELETE', 'path': '/os-volumes_boot/{server_id}'},
    {'method': 'POST', 'path': '/os-volumes_boot/{server_id}/action'},
]

RULES = [
    policy.DocumentedRuleDefault(
        name=BYPASS,
        check_str=base.ADMIN,
        description='Change a server though it is locked. It is checked after '
                    'the rule of the call itself, if the server is locked. '
                    '``!`` binds admins too. It does not affect lock, '
                    'unlock, consoles and the calls of '
                    '``[lockstatus]state_lock_exempt``.',
        operations=CHANGES_A_SERVER,
        scope_types=base.SCOPE_TYPES),
]
