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

"""The contract of an extension, the plugin's own or another package's."""

import abc
import dataclasses
import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from oslo_policy import policy

from nova_lockstatus.core import lock_record
from nova_lockstatus.extensions.field import ABSENT as ABSENT
from nova_lockstatus.extensions.field import Fallback as Fallback
from nova_lockstatus.extensions.field import Field as Field
from nova_lockstatus.extensions.field import HypervisorField as HypervisorField
from nova_lockstatus.extensions.field import ServerField as ServerField
from nova_lockstatus.extensions.route import Route


class Lock(NamedTuple):
    """The lock in force, as Nova's instance actions record it.

    :param since: when the server was locked, in UTC, without a time zone; a
        further lock of a locked server does not change it
    :param user_id: who locked it last
    """

    since: datetime.datetime | None = None
    user_id: str | None = None


def _no_host() -> str:
    return ''


class Subject(Protocol):
    """A server or a hypervisor, from which fields are computed."""

    @property
    def target(self) -> dict[str, Any]:
        """Return the target of the policy rules."""

    def knows(self, names: Sequence[str]) -> bool:
        """Tell whether all of ``instance_attributes`` was loaded."""


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """One server of an answer, as its fields are computed from it.

    :param instance: the ``nova.objects.Instance`` that Nova loaded; read no
        attribute that the extension does not name in ``instance_attributes``,
        Nova would load it with a query for each server
    :param system_metadata: the rows of the server's system metadata that the
        extension names in ``system_metadata``, by key; more may be there
    :param read_lock: returns the lock in force, read from the instance
        actions. Only a field that is ``shown_alone`` may call it
    :param read_host_status: returns the state of the server's host, as Nova
        names it; for an extension that sets ``reads_host_status``
    :param scope_locks: the locks that stand over its project and its host,
        the strictest first; none where os-server-locks is not enabled
    """

    instance: Any
    system_metadata: Mapping[str, str]
    read_lock: Callable[[], Lock] = Lock
    read_host_status: Callable[[], str] = _no_host
    scope_locks: Sequence[lock_record.LockRecord] = ()

    @property
    def target(self) -> dict[str, Any]:
        """Return the project and the user of the server."""
        instance = self.instance
        # In a cell that is down the user may be unknown.
        return {'project_id': instance.project_id,
                'user_id': (instance.user_id if 'user_id' in instance
                            else None)}

    def knows(self, names: Sequence[str]) -> bool:
        """Tell whether the Instance has all attributes without a query."""
        return all(name in self.instance for name in names)


@dataclasses.dataclass(frozen=True, slots=True)
class Hypervisor:
    """One hypervisor of an answer, as its fields are computed from it.

    :param node: its ``nova.objects.ComputeNode``
    :param service: the ``nova.objects.Service`` of its nova-compute
    """

    node: Any
    service: Any

    @property
    def target(self) -> dict[str, Any]:
        """Return an empty target: a hypervisor belongs to no project."""
        return {}

    def knows(self, names: Sequence[str]) -> bool:
        """Return True: node and service are always whole."""
        return True


class Extension(abc.ABC):
    """A part of the plugin that is enabled by its alias.

    A subclass sets the five attributes that GET /extensions shows; all others
    are optional. It is loaded through the stevedore namespace
    ``nova_lockstatus.extensions``, where the name of the entry point is the
    alias, and made once for each pipeline, without arguments.
    """

    @property
    @abc.abstractmethod
    def alias(self) -> str:
        """Name the extension in configuration and API."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """Name the extension for a reader."""

    @property
    @abc.abstractmethod
    def description(self) -> str:
        """Say in a sentence what the extension is for."""

    @property
    @abc.abstractmethod
    def namespace(self) -> str:
        """Return the URL that identifies the extension."""

    @property
    @abc.abstractmethod
    def updated(self) -> str:
        """Return when the extension last changed, as 2026-11-21T00:00:00Z."""

    policies: Collection[policy.RuleDefault] = ()
    """Rules to register with Nova's enforcer."""

    server_fields: Sequence[ServerField] = ()
    """Keys to add to each server that Nova shows in full."""

    hypervisor_fields: Sequence[HypervisorField] = ()
    """Keys to add to each hypervisor that Nova shows."""

    instance_attributes: Sequence[str] = ()
    """Attributes of the Instance that the fields read. What Nova would load
    lazily is loaded together with the servers. Where one of them is not
    known, as in a cell that is down, the fields are left out."""

    system_metadata: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {}
    """Keys of system metadata that the fields read, each with a function that
    tells from a server's columns whether it can have the key. A list asks for
    those alone, with one statement for each cell at the most, instead of all
    system metadata of all servers."""

    reads_host_status: bool = False
    """Whether the fields read the status of a server's host. It is then read
    for the servers of which the caller may see one of the server fields."""

    routes: Sequence[Route] = ()
    """Calls of the API that the extension answers, beside Nova's own."""

    @property
    def fields(self) -> Iterable[Field]:
        """Return the fields of all kinds."""
        return (*self.server_fields, *self.hypervisor_fields)

    def describe(self) -> dict[str, Any]:
        """Return the entry of GET /extensions, with the keys of Nova's own."""
        return {'alias': self.alias,
                'description': self.description,
                'links': [],
                'name': self.name,
                'namespace': self.namespace,
                'updated': self.updated}
