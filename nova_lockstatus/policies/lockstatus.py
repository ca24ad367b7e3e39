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

"""The rule that all extensions share: who gets keys that Nova has not."""

from typing import Any

from oslo_policy import policy

from nova_lockstatus.policies import base
from nova_lockstatus.policies import hypervisor_status

BASE_POLICY_NAME = 'os_compute_api:lockstatus:%s'
EXTRA_KEYS = BASE_POLICY_NAME % 'extra_keys'

SHOWS_AN_EXTENSION: Any = [
    {'method': 'GET', 'path': '/extensions'},
    {'method': 'GET', 'path': '/extensions/{alias}'},
]
"""The calls that list extensions."""

RULES = [
    policy.DocumentedRuleDefault(
        name=EXTRA_KEYS,
        check_str=base.ANYBODY,
        description='Get keys that stock Nova does not have at the '
                    'microversion of the request. If the rule refuses, each '
                    "answer has the keys of stock Nova's answer, with stock "
                    "Nova's values; the rules of the keys that Nova has, "
                    'too, apply as well. Refuse it to the role of clients '
                    'that accept no other key, such as Tempest and '
                    'interoperability tests. It does not affect filters, '
                    'locking, and calls that a lock refuses.',
        operations=(base.SHOWS_A_SERVER + hypervisor_status.SHOWS_A_HYPERVISOR
                    + SHOWS_AN_EXTENSION),
        scope_types=base.SCOPE_TYPES),
]
