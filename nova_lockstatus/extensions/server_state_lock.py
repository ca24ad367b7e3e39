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

"""os-server-state-lock: only those who may change a locked server.

From the Nova blueprint "Lock an instance from reboot if suspended": when an
instance is state locked, no functions which enact a change in state may be
executed. It adds no field: ``api/hooks/state_lock.py`` stops the calls.
"""

from nova_lockstatus.extensions import base
from nova_lockstatus.policies import server_state_lock as rules


class ServerStateLock(base.Extension):
    """Refuses each call that would change a locked server."""

    alias = 'os-server-state-lock'
    name = 'ServerStateLock'
    description = 'A locked server is changed by nobody but who may.'
    namespace = ('http://docs.openstack.org/compute/ext/'
                 'server_state_lock/api/v2')
    updated = '2026-11-21T00:00:00Z'

    policies = rules.RULES

    exempt: frozenset[str] = frozenset()
    """The calls that it does not refuse; set when its pipeline is made."""
