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

"""The guard's calls of nova-compute, and its questions about hosts.

Each context is targeted at the cell of the server or the host.
"""

from typing import Any

import oslo_messaging as messaging
from nova import exception as nova_exception
from nova import objects
from nova.compute import rpcapi
from nova.compute import vm_states
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import host_status
from nova_lockstatus.gateway import compute_rpc
from nova_lockstatus.gateway import compute_service
from nova_lockstatus.watch.guard import decisions

FAULTS = models.InstanceFault.__table__


class HostSilent(Exception):
    """The nova-compute of a host does not answer in time."""


def hosts_up(context: Any) -> set[str]:
    """Find the hosts of a cell that can be acted on.

    :returns: the hosts whose nova-compute is alive and not forced down;
        disabled ones are among them, as they have their old servers
    """
    # NOTE: service_is_up knows of forced_down.
    service_is_up = compute_service.service_is_up()
    services = objects.ServiceList.get_by_binary(
        context, host_status.BINARY, include_disabled=True)
    return {service.host for service in services if service_is_up(service)}


def is_up(context: Any, host: str | None) -> bool:
    """Tell whether a host can be acted on now, as :func:`hosts_up` does.

    :returns: False also for a host whose service was deleted
    """
    try:
        service = objects.Service.get_by_compute_host(context, host)
    except nova_exception.ComputeHostNotFound:
        return False
    return compute_service.service_is_up()(service)


def runs(context: Any, uuid: str, timeout: float) -> bool | None:
    """Ask nova-compute whether a server runs on its hypervisor.

    :returns: None where nova-compute cannot tell
    :raises HostSilent: when there is no answer in time
    """
    # NOTE: of all that nova-compute offers, from release 26 to 34, only the
    # diagnostics tell the hypervisor's power state apart from the recorded
    # one, and change nothing.
    instance = objects.Instance.get_by_uuid(context, uuid, expected_attrs=[])
    try:
        compute_rpc.ComputeAPI(timeout).get_instance_diagnostics(
            context, instance=instance)
    except nova_exception.InstanceInvalidState:
        _forget_fault(context, uuid)
        return False
    except messaging.MessagingTimeout as error:
        raise HostSilent from error
    except (NotImplementedError, messaging.RemoteError,
            nova_exception.NovaException):
        return None
    return True


def _forget_fault(context: Any, uuid: str) -> None:
    # NOTE: nova-compute has recorded a fault of the server, because it does
    # not run. The server has none, and an error to come must not show this.
    with db.get_context_manager(context).writer.using(context) as session:
        session.connection().execute(FAULTS.delete().where(
            FAULTS.c.instance_uuid == uuid,
            FAULTS.c.message.like('%Cannot get_diagnostics%')))


def load(context: Any, uuid: str) -> Any:
    """Load a server as nova-compute's RPC and the notifications need it."""
    return objects.Instance.get_by_uuid(
        context, uuid,
        expected_attrs=['flavor', 'info_cache', 'metadata', 'system_metadata'])


def bring_back(context: Any, instance: Any,
               action: decisions.EnforcementAction) -> None:
    """Cast to nova-compute that it brings a claimed server back."""
    sent = instance.obj_clone()
    if action.vm_state == vm_states.SUSPENDED:
        # NOTE: suspend_instance stores the state that it finds, for resume to
        # give it back. The server would stay suspended for ever: so it finds
        # what was stored at first.
        before = sent.system_metadata.get('old_vm_state')
        sent.vm_state = (vm_states.ACTIVE
                         if before in (None, vm_states.SUSPENDED) else before)
        sent.obj_reset_changes(['vm_state'])
    method = getattr(rpcapi.ComputeAPI(), action.name + '_instance')
    method(context, sent)
