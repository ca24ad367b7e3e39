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

"""Has a gate see the servers that a call changes without naming them.

As ``state_lock_others.py``, for the locks that Nova does not know: also a
server that is not locked in Nova can be in a locked project.
"""

from collections.abc import Callable, Iterable
from typing import Any

from nova_lockstatus.api import locks_over
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.core import state_lock_gate
from nova_lockstatus.extensions import server_locks
from nova_lockstatus.gateway import locked_instances

ALIAS = server_locks.ServerLocks.alias


def read_on_host(state: RequestState, call: str, request: Any
                 ) -> Iterable[Any]:
    """Read the servers of the host that a call changes.

    :param state: of the request
    :param call: the name of the call
    :param request: Nova's Request, which has been routed
    :returns: their Instances; none where the call changes no host
    :raises LockUnreadable: when they cannot be read
    """
    if not state_lock_calls.changes_host(call, state.body):
        return ()
    # NOTE: as in state_lock_others.py.
    _unnamed, matched = request.environ['wsgiorg.routing_args']
    return _read(state, locked_instances.on_host, matched['id'])


def _read(state: RequestState, find: Callable[[Any, Any, bool], list[Any]],
          what: Any) -> list[Any]:
    """Read servers, and the locks over all of them with one statement."""
    try:
        servers = find(state.context, what, False)
        locks_over.read(state, servers)
    except Exception as error:
        raise state_lock_gate.LockUnreadable from error
    return servers


def _check(state: RequestState, uuids: Any) -> None:
    if isinstance(state.server_locks, state_lock_gate.ServerLocksGate):
        for server in _read(state, locked_instances.of_uuids, uuids):
            state.server_locks.read(server)


def _associate(original: Callable[..., Any], state: RequestState, api: Any,
               context: Any, instance: Any, floating_address: str,
               *args: Any, **kwargs: Any) -> Any:
    holder = api.get_instance_id_by_floating_address(
        context, floating_address)
    if holder and holder != instance.uuid:
        # Nova would take the address away from it.
        _check(state, [holder])
    return original(api, context, instance, floating_address, *args, **kwargs)


def _destroy(original: Callable[..., Any], state: RequestState, group: Any
             ) -> Any:
    _check(state, group.members)
    return original(group)


# NOTE: as in state_lock_others.py.
HOOKS = (
    Hook('nova.network.neutron:API', 'associate_floating_ip',
         ('self', 'context', 'instance', 'floating_address'),
         _associate, alias=ALIAS,
         relies_on=('nova.network.neutron:API.'
                    'get_instance_id_by_floating_address',)),
    Hook('nova.objects.instance_group:InstanceGroup', 'destroy', ('self',),
         _destroy, alias=ALIAS, relies_on=locked_instances.RELIES_ON),
)
