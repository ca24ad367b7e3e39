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

"""os-hypervisor-status: why is a hypervisor down or disabled?

From the Nova blueprint return-status-for-hypervisor-node. Nova itself shows
``state`` and ``status`` in every list.
"""

from nova_lockstatus.extensions import base
from nova_lockstatus.policies import hypervisor_status as rules


def _disabled_reason(hypervisor: base.Hypervisor) -> str | None:
    reason: str | None = hypervisor.service.disabled_reason
    return reason


def _forced_down(hypervisor: base.Hypervisor) -> bool:
    return bool(hypervisor.service.forced_down)


class HypervisorStatus(base.Extension):
    """Shows and lists the state of hypervisors at every microversion."""

    alias = 'os-hypervisor-status'
    name = 'HypervisorStatus'
    description = 'Whether a hypervisor is up and enabled, and if not, why.'
    namespace = ('http://docs.openstack.org/compute/ext/'
                 'hypervisor_status/api/v2')
    updated = '2026-11-21T00:00:00Z'

    policies = rules.RULES
    hypervisor_fields = (
        base.HypervisorField('disabled_reason', rules.DISABLED_REASON,
                             _disabled_reason),
        base.HypervisorField('forced_down', rules.FORCED_DOWN, _forced_down),
    )
