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

"""The names in Nova that the watch service relies on."""

from nova_lockstatus.events.notifications import own_notifier
from nova_lockstatus.events.notifications import server_lock
from nova_lockstatus.gateway import compute_rpc
from nova_lockstatus.gateway import instances
from nova_lockstatus.gateway import lock_ends
from nova_lockstatus.gateway import reason_repair

# NOTE: all of them are the same in release 26 and in release 34.
RELIES_ON = (
    'nova.compute.rpcapi:ComputeAPI.get_instance_diagnostics',
    'nova.compute.rpcapi:ComputeAPI.pause_instance',
    'nova.compute.rpcapi:ComputeAPI.stop_instance',
    'nova.compute.rpcapi:ComputeAPI.suspend_instance',
    'nova.context:CELL_CACHE',
    'nova.context:set_target_cell',
    'nova.db.main.api:get_context_manager',
    'nova.db.main.models:InstanceAction.start_time',
    'nova.db.main.models:InstanceActionEvent',
    'nova.db.main.models:InstanceFault',
    'nova.objects.instance_action:InstanceAction.pack_action_start',
    'nova.servicegroup:API.service_is_up',
    *compute_rpc.RELIES_ON,
    *instances.RELIES_ON,
    *lock_ends.RELIES_ON,
    *own_notifier.RELIES_ON,
    *reason_repair.RELIES_ON,
    *server_lock.RELIES_ON,
)
