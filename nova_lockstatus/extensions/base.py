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

"""The contract of an extension, the plugin's own and a stranger's alike."""

import abc
import dataclasses
import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from oslo_policy import policy


class Action(NamedTuple):
    """An instance action, as Nova recorded it.

    :param name: its name, such as ``lock``
    :param user_id: who asked for it
    :param start_time: when, in UTC, without a time zone
    """

    name: str
    user_id: str | None
    start_time: datetime.datetime | None


def _no_actions(names: Sequence[str]) -> Sequence[Action]:
    return ()


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """One server of an answer, as its fields are computed from it.

    :param instance: the ``nova.objects.Instance`` that Nova loaded; read no
        attribute that the extension does not name in ``instance_attributes``,
        Nova would load it with a query for each server
    :param system_metadata: the rows of the server's system metadata that the
        extension names in ``system_metadata``, by key; more may be there
    :param read_actions: reads the newest instance actions of the names that
        it is given, the newest first and a hundred at the most. It is one
        statement, so only a field that is ``shown_alone`` may call it; in an
        answer of several servers there are none
    """

    instance: Any
    system_metadata: Mapping[str, str]
    read_actions: Callable[[Sequence[str]], Sequence[Action]] = _no_actions


@dataclasses.dataclass(frozen=True, slots=True)
class ServerField:
    """A key that an extension adds to servers.

    :param key: its name in the JSON of a server
    :param rule: the policy rule that is asked before the value is computed,
        with the server's ``project_id`` and ``user_id`` as its target
    :param value: computes what JSON can carry from a server; a field whose
        function raises is left out of the answer
    :param nova_since: the microversion from which Nova itself has the key, as
        ``'2.73'``. From there on Nova's value stands, and is replaced by null
        where the rule refuses. None: Nova never has it
    :param replaces_nova: whether the value stands in place of Nova's from
        there on; Nova's stands where it cannot be computed
    :param searchable: whether Nova can filter and sort servers by a column
        of the name ``key``. Who may see the field may then do so, at every
        microversion
    :param shown_alone: whether the field is only there where one server is
        asked for, with GET /servers/{id}
    """

    key: str
    rule: str
    value: Callable[[Server], Any]
    nova_since: str | None = None
    replaces_nova: bool = False
    searchable: bool = False
    shown_alone: bool = False


class Extension(abc.ABC):
    """A part of the plugin that is switched on by its alias.

    A subclass sets the five attributes of its identity, as GET /extensions
    shows them, and what it takes part in; all the rest is optional. It is
    loaded through the stevedore namespace ``nova_lockstatus.extensions``,
    where the name of the entry point is the alias, and made once for each
    pipeline, without arguments.
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

    policies: Iterable[policy.RuleDefault] = ()
    """Rules to register with Nova's enforcer."""

    server_fields: Sequence[ServerField] = ()
    """Keys to add to each server that Nova shows in full."""

    instance_attributes: Sequence[str] = ()
    """Attributes of the Instance that the fields read. What Nova would load
    lazily is loaded together with the servers. Where one of them is not
    known, as in a cell that is down, the fields are left out."""

    system_metadata: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {}
    """Keys of system metadata that the fields read, each with a function that
    tells from a server's columns whether it can have the key. A list asks for
    those alone, with one statement for each cell at the most, instead of all
    system metadata of all servers."""

    def describe(self) -> dict[str, Any]:
        """Return the entry of GET /extensions.

        :returns: exactly the keys of Nova's own entries
        """
        return {'alias': self.alias,
                'description': self.description,
                'links': [],
                'name': self.name,
                'namespace': self.namespace,
                'updated': self.updated}
