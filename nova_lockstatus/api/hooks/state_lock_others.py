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

"""Finds the locked servers that a call changes without naming them.

An address is taken from the server that has it, the members of a server group
lose it when it is deleted, and a host goes down with all of its servers.
"""

from collections.abc import Callable, Iterable
from typing import Any

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.core import state_lock_gate
from nova_lockstatus.extensions import server_state_lock
from nova_lockstatus.gateway import locked_instances

ALIAS = server_state_lock.ServerStateLock.alias


def read_on_host(state: RequestState, call: str, request: Any
                 ) -> Iterable[Any]:
    """Read the locked servers of the host that a call changes.

    :param state: of the request
    :param call: the name of the call
    :param request: Nova's Request, which has been routed
    :returns: their Instances; none where the call changes no host
    :raises LockUnreadable: when they cannot be read
    """
    if not state_lock_calls.changes_host(call, state.body):
        return ()
    # NOTE: the name of the host stands in the path as "id": since before
    # release 20.
    _unnamed, matched = request.environ['wsgiorg.routing_args']
    return _read(locked_instances.on_host, state.context, matched['id'])


def _read(read: Callable[[Any, Any], list[Any]], context: Any, what: Any
          ) -> list[Any]:
    try:
        return read(context, what)
    except Exception as error:
        raise state_lock_gate.LockUnreadable from error


def _associate(original: Callable[..., Any], state: RequestState, api: Any,
               context: Any, instance: Any, floating_address: str,
               *args: Any, **kwargs: Any) -> Any:
    if state.state_lock is not None and not state.state_lock.is_exempt:
        holder = api.get_instance_id_by_floating_address(
            context, floating_address)
        if holder and holder != instance.uuid:
            # Nova would take the address away from it.
            for server in _read(locked_instances.of_uuids, context, [holder]):
                state.state_lock.read(server)
    return original(api, context, instance, floating_address, *args, **kwargs)


def _destroy(original: Callable[..., Any], state: RequestState, group: Any
             ) -> Any:
    if state.state_lock is not None and not state.state_lock.is_exempt:
        for server in _read(locked_instances.of_uuids, state.context,
                            group.members):
            state.state_lock.read(server)
    return original(group)


# NOTE: up to microversion 2.43 associate_floating_ip() moves an address from
# one server to another. The controller of server groups has asked its rule
# when it calls destroy(). Both since before release 20.
HOOKS = (
    Hook('nova.network.neutron:API', 'associate_floating_ip',
         ('self', 'context', 'instance', 'floating_address'),
         _associate, alias=ALIAS,
         relies_on=('nova.network.neutron:API.'
                    'get_instance_id_by_floating_address',)),
    Hook('nova.objects.instance_group:InstanceGroup', 'destroy', ('self',),
         _destroy, alias=ALIAS, relies_on=locked_instances.RELIES_ON),
)
