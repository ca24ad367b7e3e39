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

"""The rules on seeing why a hypervisor is disabled or forced down."""

from typing import Any

from oslo_policy import policy

from nova_lockstatus.policies import base

BASE_POLICY_NAME = 'os_compute_api:os-hypervisor-status:%s'
DISABLED_REASON = BASE_POLICY_NAME % 'disabled_reason'
FORCED_DOWN = BASE_POLICY_NAME % 'forced_down'

SHOWS_A_HYPERVISOR: Any = [
    {'method': 'GET', 'path': '/os-hypervisors'},
    {'method': 'GET', 'path': '/os-hypervisors/detail'},
    {'method': 'GET', 'path': '/os-hypervisors/{hypervisor_id}'},
    {'method': 'GET', 'path': '/os-hypervisors/{hypervisor_id}/uptime'},
    {'method': 'GET',
     'path': '/os-hypervisors/{hypervisor_hostname_pattern}/search'},
    {'method': 'GET',
     'path': '/os-hypervisors/{hypervisor_hostname_pattern}/servers'},
]
"""The calls that return hypervisors."""

RULES = [
    policy.DocumentedRuleDefault(
        name=DISABLED_REASON,
        check_str=base.ADMIN,
        description='See why a hypervisor is disabled: the key '
                    '``disabled_reason``. If the rule refuses, the key is '
                    'absent; ``service.disabled_reason`` in the detailed '
                    "answers is Nova's own, and stays.",
        operations=SHOWS_A_HYPERVISOR,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=FORCED_DOWN,
        check_str=base.ADMIN,
        description='See whether a hypervisor was forced down: the key '
                    '``forced_down``. If the rule refuses, the key is '
                    'absent.',
        operations=SHOWS_A_HYPERVISOR,
        scope_types=base.SCOPE_TYPES),
]
