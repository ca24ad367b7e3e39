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

"""The policy rules of the plugin: a common one, and the extensions'."""

from collections.abc import Iterable

from oslo_policy import policy

from nova_lockstatus.policies import hypervisor_status
from nova_lockstatus.policies import lockstatus
from nova_lockstatus.policies import server_locked_status
from nova_lockstatus.policies import server_locks
from nova_lockstatus.policies import server_state_lock


def list_rules() -> Iterable[policy.RuleDefault]:
    """Return all rules, for oslo.policy's generators."""
    return [*lockstatus.RULES, *hypervisor_status.RULES,
            *server_locked_status.RULES, *server_locks.RULES,
            *server_state_lock.RULES]
