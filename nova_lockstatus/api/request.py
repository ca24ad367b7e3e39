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

"""What is gathered while Nova answers one request, until the fields merge."""

import contextvars
import functools
from collections.abc import (
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any, NoReturn

from nova_lockstatus import exception
from nova_lockstatus.api import pipeline as pipelines
from nova_lockstatus.core import host_status
from nova_lockstatus.core import hypervisor_filter
from nova_lockstatus.core import state_lock
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import fields

CURRENT: contextvars.ContextVar['RequestState | None'] = (
    contextvars.ContextVar('nova_lockstatus_request', default=None))
"""The answer under way, for the hooks that Nova calls without the request."""


class RequestState:
    """The servers and hypervisors of one answer, and what was read for them.

    :param pipeline: the pipeline that the request came through
    :param method: the name of the controller's method that answers
    :param body: the body of the request, as Nova parsed it
    :param parameters: names and values of its query, as Nova reads it
    """

    def __init__(self, pipeline: pipelines.Pipeline, method: str,
                 body: Any = None,
                 parameters: Sequence[tuple[str, str]] = ()) -> None:
        self.pipeline = pipeline
        self.is_list = method == 'detail'
        """Whether the answer is a list of whole servers."""
        self.shows_alone = method == 'show'
        """Whether the answer is what one URL shows."""
        self.body = body
        self.parameters = parameters
        self.searchable: frozenset[str] = frozenset()
        """The keys by which the caller may filter and sort the list of servers
        that is asked for."""
        self.instance: Any = None
        """The Instance that Nova read last."""
        self.locked_uuid: str | None = None
        """The server whose lock refused the call."""
        self.asked_rules: list[tuple[Any, str, Any, bool]] = []
        """The rules that were asked: the RequestContext, the rule, its target
        and the answer."""
        self.guard: state_lock.LockGate | None = None
        """What stops the call if it would change a locked server."""
        self.cells: dict[str, Any] = {}
        """The cell of each server of a list, by server uuid."""
        self.hosts = host_status.HostStatuses(pipeline.service_is_up)
        """The state of the servers' hosts."""
        self.host_status_search: host_status.HostStatusFilter | None = None
        """What a list of servers is filtered by."""
        self.hypervisors = Hypervisors()
        """The hypervisors that it shows."""
        self.afterwards: Callable[[], object] | None = None
        """What is to be done when the client has the answer."""
        self._servers: list[tuple[dict[str, Any], Any]] = []
        self._system_metadata: dict[str, Mapping[str, str]] = {}
        self._error: Exception | None = None

    def add_server(self, body: dict[str, Any], instance: Any) -> None:
        """Remember a server that Nova's view returned.

        :param body: the very dict that stands in the answer
        :param instance: the Instance that it shows
        """
        self._servers.append((body, instance))

    def instances(self) -> Iterator[Any]:
        """Yield the Instance of each server of the answer."""
        for _body, instance in self._servers:
            yield instance

    def add_system_metadata(self,
                            rows: Mapping[str, Mapping[str, str]]) -> None:
        """Keep what was read of the system metadata of a list's servers.

        :param rows: by server uuid
        """
        self._system_metadata.update(rows)

    def add_unread(self, uuids: Iterable[str], error: Exception) -> None:
        """Remember that the system metadata of servers could not be read.

        :param uuids: the servers
        :param error: why
        """
        self._error = error
        self._system_metadata.update(
            (uuid, _Unread(uuid, error)) for uuid in uuids)

    def merge(self, asked: fields.RequestAccess,
              read_lock: Callable[[Any], base.Lock]) -> None:
        """Add the fields to the servers and hypervisors of the answer.

        :param asked: the request
        :param read_lock: reads the records of the lock of an Instance
        """
        self.pipeline.server_fields.merge(
            asked, ((body, self._server(instance, read_lock))
                    for body, instance in self._servers))
        self.pipeline.hypervisor_fields.merge(asked, self.hypervisors)

    def _server(self, instance: Any,
                read_lock: Callable[[Any], base.Lock]) -> base.Server:
        if 'system_metadata' in instance:
            system_metadata = instance.system_metadata
        else:
            system_metadata = self._system_metadata.get(instance.uuid, {})
        read_host_status = functools.partial(self._host_status, instance)
        if not self.shows_alone:
            return base.Server(instance, system_metadata,
                               read_host_status=read_host_status)
        # Several fields of one server read the same.
        return base.Server(
            instance, system_metadata,
            functools.cache(functools.partial(read_lock, instance)),
            read_host_status)

    def _host_status(self, instance: Any) -> str:
        # Neither has Nova services for a server that is deleted.
        if not instance.host or instance.deleted:
            return host_status.NONE
        cell = self.cells.get(instance.uuid)
        key = (cell.uuid if cell else None, instance.host)
        if key not in self.hosts:
            if self.is_list and 'services' not in instance:
                raise exception.HostStatusUnread(
                    host=instance.host) from self._error
            self.hosts.add(
                key, host_status.compute_service(instance.services))
        return self.hosts.status(key)


class _Unread(Mapping[str, str]):
    """System metadata that fails the field that reads it, and no other."""

    def __init__(self, uuid: str, error: Exception) -> None:
        self._uuid = uuid
        self._error = error

    def _fail(self) -> NoReturn:
        raise exception.SystemMetadataUnread(
            uuid=self._uuid) from self._error

    def __getitem__(self, key: str) -> str:
        self._fail()

    def __iter__(self) -> Iterator[str]:
        self._fail()

    def __len__(self) -> int:
        self._fail()


class Hypervisors:
    """The hypervisors that Nova has shown so far, and what was read for them.

    It is iterated over as ``Fields.merge()`` takes them.
    """

    def __init__(self) -> None:
        self.hosts: Any = None
        """What is known of the hosts of a list."""
        self.search: hypervisor_filter.HypervisorFilter | None = None
        """What a list is filtered by."""
        self.viewed_service: Any = None
        """The Service of the hypervisor that Nova's view is working on."""
        self.uptimes: Any = None
        """The uptimes of the hosts of a list, once asked for."""
        self._shown: list[tuple[dict[str, Any], base.Hypervisor]] = []

    def add(self, body: dict[str, Any], node: Any, service: Any) -> None:
        """Remember a hypervisor that Nova shows.

        :param body: the very dict that stands in the answer
        :param node: the ComputeNode that it shows
        :param service: the Service of its nova-compute
        """
        self._shown.append((body, base.Hypervisor(node, service)))

    def __iter__(self) -> Iterator[tuple[dict[str, Any], base.Hypervisor]]:
        """Yield the dict of each in the answer, with the hypervisor."""
        return iter(self._shown)

    @property
    def last_node(self) -> Any:
        """Return the ComputeNode of the last one so far."""
        return self._shown[-1][1].node
