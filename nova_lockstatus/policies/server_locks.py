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

"""The rules on locks with an owner, an end and a level."""

from typing import Any

from oslo_policy import policy

from nova_lockstatus.policies import base

BASE_POLICY_NAME = 'os_compute_api:os-server-locks:%s'
LOCKED_UNTIL = BASE_POLICY_NAME % 'locked_until'
DELETE_PROTECTED = BASE_POLICY_NAME % 'delete_protected'
BYPASS = BASE_POLICY_NAME % 'bypass'

DESTROYS: Any = [
    {'method': 'DELETE', 'path': '/servers/{server_id}'},
    {'method': 'POST', 'path': '/servers/{server_id}/action (forceDelete)'},
    {'method': 'POST', 'path': '/servers/{server_id}/action (rebuild)'},
    {'method': 'POST', 'path': '/servers/{server_id}/action (shelve)'},
    {'method': 'POST', 'path': '/servers/{server_id}/action (shelveOffload)'},
    {'method': 'PUT',
     'path': '/servers/{server_id}/os-volume_attachments/{volume_id}'},
    {'method': 'DELETE',
     'path': '/servers/{server_id}/os-volume_attachments/{volume_id}'},
    {'method': 'DELETE', 'path': '/os-volumes_boot/{server_id}'},
]

RULES = [
    policy.DocumentedRuleDefault(
        name=LOCKED_UNTIL,
        check_str=base.SHOWS_THE_SERVER,
        description='See until when a server is locked: the key '
                    '``locked_until``. Where the rule refuses, the key is '
                    'absent.',
        operations=base.SHOWS_A_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=DELETE_PROTECTED,
        check_str=base.SHOWS_THE_SERVER,
        description='See whether a server is protected against deletion: the '
                    'key ``delete_protected``. Where the rule refuses, the '
                    'key is absent.',
        operations=base.SHOWS_A_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=BYPASS,
        check_str=base.ADMIN,
        description='Destroy a server, or its disks, though it has a lock of '
                    'the level ``delete``. It is asked when the rule of the '
                    'call itself has let the caller pass, and such a lock is '
                    'there. ``!`` binds admins too.',
        operations=DESTROYS,
        scope_types=base.SCOPE_TYPES),
]
