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

"""The rules on seeing whether a server is locked, by whom, and why."""

from oslo_policy import policy

from nova_lockstatus.policies import base

BASE_POLICY_NAME = 'os_compute_api:os-server-locked-status:%s'
LOCKED = BASE_POLICY_NAME % 'locked'
LOCKED_BY = BASE_POLICY_NAME % 'locked_by'
LOCKED_REASON = BASE_POLICY_NAME % 'locked_reason'
LOCKED_AT = BASE_POLICY_NAME % 'locked_at'
LOCKED_BY_USER_ID = BASE_POLICY_NAME % 'locked_by_user_id'

RULES = [
    policy.DocumentedRuleDefault(
        name=LOCKED,
        check_str=base.SHOWS_THE_SERVER,
        description='See whether a server is locked, and filter and sort by '
                    'it: the key ``locked``. The default permits every '
                    'caller that may show the server, and withholds nothing '
                    'that Nova itself shows. If another rule refuses, the '
                    'key is absent, or null from microversion 2.9 on, where '
                    'Nova itself has the key; the filter and the order are '
                    'ignored, or refused with 403 where Nova itself has '
                    'them, from 2.73 on.',
        operations=base.SHOWS_A_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=LOCKED_BY,
        check_str=base.PROJECT_READER_OR_ADMIN,
        description='See the holder of the lock, and filter and sort by it: '
                    'the key ``locked_by``. If the rule refuses, the key is '
                    'absent. If the rule is not the default, the filter is '
                    'refused with 403 for callers that '
                    '``os_compute_api:servers:allow_all_filters`` permits, '
                    'and so is the order for all: Nova itself has them. '
                    'For others the filter is ignored.',
        operations=base.SHOWS_A_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=LOCKED_REASON,
        check_str=base.SHOWS_THE_SERVER,
        description='See why a server is locked: the key ``locked_reason``. '
                    'The default permits every caller that may show the '
                    'server, and withholds nothing that Nova itself shows. '
                    'If another rule refuses, the key is absent, or null from '
                    'microversion 2.73 on, where Nova itself has the key.',
        operations=base.SHOWS_A_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=LOCKED_AT,
        check_str=base.PROJECT_READER_OR_ADMIN,
        description='See the time of the lock: the key '
                    '``locked_at``. If the rule refuses, the key is '
                    'absent.',
        operations=base.SHOWS_ONE_SERVER,
        scope_types=base.SCOPE_TYPES),
    policy.DocumentedRuleDefault(
        name=LOCKED_BY_USER_ID,
        check_str=base.ADMIN,
        description='See which user locked a server: the key '
                    '``locked_by_user_id``. If the rule refuses, the key '
                    'is absent.',
        operations=base.SHOWS_ONE_SERVER,
        scope_types=base.SCOPE_TYPES),
]
