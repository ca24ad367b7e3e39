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

"""What one paste pipeline serves: its extensions, and all that follows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nova_lockstatus.api.scope_locks import ScopeLocks
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import fields

if TYPE_CHECKING:
    from nova_lockstatus.events.publisher import Publisher

ENVIRON = 'nova_lockstatus.pipeline'
"""Where the filter leaves the pipeline for the hooks, in the WSGI environ."""

ON_CLOSE = 'nova_lockstatus.on_close'
"""Where the hooks leave a function for the filter to call once the client has
the answer, in the WSGI environ."""


class Pipeline:
    """The extensions of one pipeline, decided when nova-api starts.

    :param service_is_up: tells whether a service of Nova's reports
    :param publisher: has changes of hosts announced, None for nobody
    :param speedups: whether Nova's answers are computed faster
    """

    def __init__(self, extensions: Sequence[base.Extension],
                 service_is_up: Callable[[Any], bool],
                 publisher: Publisher | None = None,
                 speedups: bool = False) -> None:
        self.service_is_up = service_is_up
        self.speedups = speedups
        self.publisher = publisher
        self.scope_locks = ScopeLocks()
        """The locks of projects and hosts."""
        self.routes: Any = None
        """The table of the routes of the extensions, None without one."""
        self.extensions = {extension.alias: extension
                           for extension in extensions}
        self.server_fields = fields.Fields(
            extensions, operator.attrgetter('server_fields'))
        self.hypervisor_fields = fields.Fields(
            extensions, operator.attrgetter('hypervisor_fields'))
        self.instance_attributes = frozenset(
            name for extension in extensions
            for name in extension.instance_attributes)
        self.searchable = {field.key: field.rule for extension in extensions
                           for field in extension.server_fields
                           if field.searchable}
        self.list_parameters = frozenset(
            field.list_parameter for extension in extensions
            for field in extension.server_fields if field.list_parameter)
        self.host_status_rules = tuple(dict.fromkeys(
            rule for extension in extensions if extension.reads_host_status
            for field in extension.server_fields for rule in field.rules))
        self.system_metadata_keys = frozenset(
            key for extension in extensions
            for key in extension.system_metadata)
        # Several keys can be of the same servers.
        self._can_have_system_metadata = frozenset(
            can_have for extension in extensions
            for can_have in extension.system_metadata.values())

    def lock_rules(self, parameters: Collection[str]) -> Collection[str]:
        """Return the rules of the fields that a list's parameters ask for.

        Such fields read the records of locks.
        """
        return {rule for extension in self.extensions.values()
                for field in extension.server_fields
                if field.list_parameter in parameters for rule in field.rules}

    @property
    def reads_host_status(self) -> bool:
        """Tell whether the state of the servers' hosts is shown."""
        return bool(self.host_status_rules)

    def reads_system_metadata(self, columns: Mapping[str, Any]) -> bool:
        """Tell whether a server can have a row that an extension reads."""
        return any(can_have(columns)
                   for can_have in self._can_have_system_metadata)
