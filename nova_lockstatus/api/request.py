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

"""The state of one request: what its hooks gather until the fields merge.

Each part has one family of hooks that writes it:

* ``servers``: ``server_view``, ``server_list``, ``server_list_joins``,
  ``server_search``
* ``host_status``: ``host_status_filter``, ``server_list``,
  ``server_list_joins``
* ``hypervisors``: the ``hypervisor_*`` hooks
* ``state_lock``, ``lock_refusal``: ``state_lock``, ``server_lock_refusal``
* ``server_locks``, ``lock_given``: ``server_locks_gate``,
  ``server_locks_body``
* ``scope_locks``: ``dispatch`` and ``server_locks_gate``, by ``locks_over``
* ``lock_bypass``: ``dispatch``, ``lock_bypass``
* ``policy``: ``policy_cache``
* ``service_before``, ``on_close``: ``service_update``
* ``response_body``: ``response_validation``
"""

import contextvars
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nova_lockstatus import exception
from nova_lockstatus.api.pipeline import Pipeline
from nova_lockstatus.api.policy_cache import PolicyCache
from nova_lockstatus.api.servers import Servers
from nova_lockstatus.core import host_status
from nova_lockstatus.core import hypervisor_filter
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import state_lock_gate
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import fields
from nova_lockstatus.gateway import instance_actions

CURRENT: contextvars.ContextVar['RequestState | None'] = (
    contextvars.ContextVar('nova_lockstatus_request', default=None))
"""The state of the request that is served, None for one without the filter."""


class HostStatus:
    """The statuses of the hosts of an answer."""

    def __init__(self, service_is_up: Callable[[Any], bool]) -> None:
        self.statuses = host_status.HostStatuses(service_is_up)
        self.filter: host_status.HostStatusFilter | None = None
        """The filter ``host_status`` of a list of servers."""
        self.services: dict[host_status.HostKey, Sequence[Any]] = {}
        """The records of the services that Nova itself would have loaded."""

    def add_services(self, key: host_status.HostKey,
                     services: Sequence[Any]) -> None:
        """Keep the compute services of a host, deleted ones among them."""
        self.services[key] = services
        self.statuses.add(key, host_status.compute_service(services))


class LockRefusal:
    """Which server Nova has read, and whether its lock refused the call."""

    def __init__(self) -> None:
        self.instance: Any = None
        """The Instance that Nova read last."""
        self.locked_uuid: str | None = None
        """The uuid of the server that Nova's own check found locked."""


class LockBypass:
    """Why the caller bypasses locks, and of which servers it is recorded."""

    def __init__(self) -> None:
        self.header: str | None = None
        """The header of the request that says why."""
        self.recorded: set[str] = set()
        """The uuids of the servers."""


class Hypervisors:
    """The hypervisors of an answer; the hooks ``hypervisor_*`` write it.

    Iterating yields what ``Fields.merge()`` takes.
    """

    def __init__(self) -> None:
        self.hosts: Any = None
        """The ``gateway.hypervisor_hosts.Hosts`` of a list."""
        self.filter: hypervisor_filter.HypervisorFilter | None = None
        """The filter of a list."""
        self.viewed_service: Any = None
        """The Service of the hypervisor that Nova's view is building."""
        self.uptimes: Any = None
        """The uptimes of the hosts of a list, read at the first use."""
        self._shown: list[tuple[dict[str, Any], base.Hypervisor]] = []

    def add(self, body: dict[str, Any], node: Any, service: Any) -> None:
        """Keep a hypervisor that Nova shows."""
        self._shown.append((body, base.Hypervisor(node, service)))

    def __iter__(self) -> Iterator[tuple[dict[str, Any], base.Hypervisor]]:
        """Yield the dict of each in the answer, with the hypervisor."""
        return iter(self._shown)

    @property
    def last_node(self) -> Any:
        """Return the ComputeNode that was added last."""
        return self._shown[-1][1].node


class RequestState:
    """What the hooks know of the request that Nova answers.

    :param method: the name of the controller's method that answers
    :param context: the caller's RequestContext, None for the documents of the
        API's versions
    :param body: the body of the request, as Nova parsed it
    :param parameters: names and values of its query, as Nova reads it
    :param supports: tells whether the request's microversion is a given one
        or newer
    """

    def __init__(self, pipeline: Pipeline, method: str, *,
                 context: Any = None, body: Any = None,
                 parameters: Sequence[tuple[str, str]] = (),
                 supports: Callable[[str], bool] = lambda version: False
                 ) -> None:
        self.pipeline = pipeline
        self.context = context
        self.body = body
        self.parameters = parameters
        self.is_list = method == 'detail'
        """Whether the answer is a list of whole servers."""
        self.shows_alone = method == 'show'
        """Whether the answer shows the one resource of its URL."""
        self.policy = PolicyCache(context)
        self.access = fields.RequestAccess(
            self.policy.may, supports, self.shows_alone,
            is_default=self.policy.is_default)
        """The caller's rights and the request's microversion."""
        self.servers = Servers()
        self.host_status = HostStatus(pipeline.service_is_up)
        self.hypervisors = Hypervisors()
        self.state_lock: state_lock_gate.LockGate | None = None
        """What stops the call if it would change a locked server."""
        self.server_locks: state_lock_gate.Gate | None = None
        """What stops the call if one of a server's locks refuses it."""
        self.lock_given: dict[str, Any] = {}
        """What the body of a lock gives beside the reason, by the field of a
        LockRecord."""
        self.scope_locks: dict[str, Sequence[lock_record.LockRecord]] = {}
        """The locks of its project and host over each server, by uuid."""
        self.lock_bypass = LockBypass()
        self.lock_refusal = LockRefusal()
        self.service_before: dict[str, Any] | None = None
        """The record of the compute service that Nova is saving, as it was,
        None where nothing is to be announced."""
        self.on_close: Callable[[], object] | None = None
        """Is called once the client has the answer."""
        self.response_body: Any = None
        """The serialised body of the response that Nova validates."""

    @property
    def gates(self) -> Iterator[state_lock_gate.Gate]:
        """Yield the gates that the call has to pass, in their order."""
        # The first lifts what has ended, so that the other one passes it.
        for gate in (self.server_locks, self.state_lock):
            if gate is not None:
                yield gate

    @property
    def blocking_gate(self) -> state_lock_gate.Gate | None:
        """Return a gate that the call cannot pass before it has decided."""
        if self.state_lock is not None and not self.state_lock.is_exempt:
            return self.state_lock
        return self.server_locks

    def merge(self) -> None:
        """Add the fields to the servers and hypervisors of the answer."""
        self.pipeline.server_fields.merge(
            self.access, ((body, self._server(instance))
                          for body, instance in self.servers))
        self.pipeline.hypervisor_fields.merge(self.access, self.hypervisors)

    def _server(self, instance: Any) -> base.Server:
        system_metadata = self.servers.system_metadata(instance)
        read_lock = (
            # Several fields of one server read the same.
            functools.cache(functools.partial(
                instance_actions.read_lock, instance)) if self.shows_alone
            else functools.partial(self.servers.lock, instance.uuid))
        return base.Server(
            instance, system_metadata, read_lock,
            functools.partial(self._host_status, instance),
            self.scope_locks.get(instance.uuid, ()))

    def _host_status(self, instance: Any) -> str:
        # Neither has Nova services for a server that is deleted.
        if not instance.host or instance.deleted:
            return host_status.NONE
        cell = self.servers.cells.get(instance.uuid)
        key = (cell.uuid if cell else None, instance.host)
        statuses = self.host_status.statuses
        if key not in statuses:
            if self.is_list and 'services' not in instance:
                raise exception.HostStatusUnread(
                    host=instance.host) from self.servers.error
            statuses.add(key, host_status.compute_service(instance.services))
        return statuses.status(key)
