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
from nova_lockstatus.policies import server_state_lock

BASE_POLICY_NAME = 'os_compute_api:os-server-locks:%s'
LOCKED_UNTIL = BASE_POLICY_NAME % 'locked_until'
DELETE_PROTECTED = BASE_POLICY_NAME % 'delete_protected'
BYPASS = BASE_POLICY_NAME % 'bypass'

SERVER_INDEX = BASE_POLICY_NAME % 'server_index'
INDEX = BASE_POLICY_NAME % 'index'
ALL_PROJECTS = BASE_POLICY_NAME % 'index:all_projects'
SHOW = BASE_POLICY_NAME % 'show'
SHOW_HOST = BASE_POLICY_NAME % 'show:host'
CREATE = BASE_POLICY_NAME % 'create'
UPDATE = BASE_POLICY_NAME % 'update'
DELETE = BASE_POLICY_NAME % 'delete'

LISTS: Any = [{'method': 'GET', 'path': '/os-locks'}]
SHOWS_ONE: Any = [{'method': 'GET', 'path': '/os-locks/{lock_id}'}]
CHANGES_ONE: Any = [{'method': method, 'path': '/os-locks/{lock_id}'}
                    for method in ('PUT', 'DELETE')]
LISTS_OF_SERVER: Any = [
    {'method': 'GET', 'path': '/servers/{server_id}/os-locks'}]

RULES = [
    policy.DocumentedRuleDefault(
        name=LOCKED_UNTIL,
        check_str=base.SHOWS_THE_SERVER,
        description='See the end of the lock: the key '
                    '``locked_until``. If the rule refuses, the key is '
                    'absent.',
        operations=base.SHOWS_A_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=DELETE_PROTECTED,
        check_str=base.SHOWS_THE_SERVER,
        description='See whether a server is protected against deletion: the '
                    'key ``delete_protected``. If the rule refuses, the '
                    'key is absent.',
        operations=base.SHOWS_A_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=BYPASS,
        check_str=base.ADMIN,
        description='Destroy a server, or its disks, though it has a lock of '
                    'the level ``delete``; and change a server though its '
                    'project or its host is locked, or make one though its '
                    'project is locked against that. It is checked after the '
                    'rule of the call itself, if there is a lock. ``!`` '
                    'binds admins too. With ``os-server-state-lock``, its '
                    'own rule ``bypass`` must permit the caller as well, for '
                    'a lock of the level ``change``.',
        operations=[
            {'method': 'POST', 'path': '/servers'},
            {'method': 'POST', 'path': '/os-volumes_boot'},
            *server_state_lock.CHANGES_A_SERVER],
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=SERVER_INDEX,
        check_str=base.PROJECT_READER_OR_ADMIN,
        description='List the locks over a server: its own, and those of its '
                    'project and its host. Where the rule refuses, the '
                    'server\'s own locks are in no other list, and are '
                    'answered with 404.',
        operations=LISTS_OF_SERVER + LISTS + SHOWS_ONE,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=INDEX,
        check_str=base.PROJECT_READER_OR_ADMIN,
        description="List the locks of the caller's own project and of its "
                    'servers. It is asked first for each call of '
                    '``/os-locks/{lock_id}``, too.',
        operations=LISTS + SHOWS_ONE + CHANGES_ONE,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=ALL_PROJECTS,
        check_str=base.ADMIN,
        description='List the locks of all projects, their servers and all '
                    'hosts. If the rule refuses, the list has only those of '
                    "the caller's own project, whatever the filters say.",
        operations=LISTS,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=SHOW,
        check_str=base.PROJECT_READER_OR_ADMIN,
        description='Show a lock of a project or a host. The project of the '
                    'target is the one that the lock is over. If the rule '
                    'refuses, the answer is 404.',
        operations=SHOWS_ONE,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=SHOW_HOST,
        check_str=base.ADMIN,
        description='See the name of the host that a lock is over. If the '
                    'rule refuses, ``scope_id`` of the lock is null.',
        operations=LISTS + SHOWS_ONE + LISTS_OF_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=CREATE,
        check_str=base.ADMIN,
        description='Lock a project or a host.',
        operations=[{'method': 'POST', 'path': '/os-locks'}],
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=UPDATE,
        check_str=base.ADMIN,
        description='Change a lock of a project or a host. For a lock of a '
                    'server, Nova\'s rules on ``lock`` and '
                    '``unlock:unlock_override`` count instead.',
        operations=[{'method': 'PUT', 'path': '/os-locks/{lock_id}'}],
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=DELETE,
        check_str=base.ADMIN,
        description='Lift a lock of a project or a host. For a lock of a '
                    'server, Nova\'s rules on ``unlock`` and '
                    '``unlock:unlock_override`` count instead.',
        operations=[{'method': 'DELETE', 'path': '/os-locks/{lock_id}'}],
        scope_types=base.SCOPE_TYPES),
]
