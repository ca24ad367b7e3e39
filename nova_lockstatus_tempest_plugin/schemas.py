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

"""The keys of nova_lockstatus in the schemas of Tempest.

Tempest refuses a response with a key that the schema of its microversion does
not have.
"""

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from tempest.lib.services.compute import hypervisor_client
from tempest.lib.services.compute import servers_client

_BOOLEAN = {'type': 'boolean'}
_TEXT = {'type': 'string'}
_TEXT_OR_NULL = {'type': ['string', 'null']}

SERVER_KEYS: dict[str, dict[str, Any]] = {
    'locked': _BOOLEAN,
    'locked_by': {'enum': ['owner', 'admin', None]},
    'locked_reason': _TEXT_OR_NULL,
    'locked_at': _TEXT_OR_NULL,
    'locked_by_user_id': _TEXT_OR_NULL,
    'locked_until': _TEXT_OR_NULL,
    'delete_protected': _BOOLEAN,
    'host_status': _TEXT,
}
"""The keys of a server, as JSON Schema. The keys of Nova are among them, which
has them at newer microversions only."""

HYPERVISOR_KEYS: dict[str, dict[str, Any]] = {
    'disabled_reason': _TEXT_OR_NULL,
    'forced_down': _BOOLEAN,
}
"""The keys of a hypervisor, likewise."""

_SERVER_RESPONSES = ('get_server', 'list_servers_detail', 'update_server',
                     'rebuild_server', 'rebuild_server_with_admin_pass')

_HYPERVISOR_RESPONSES = ('get_hypervisor', 'get_hypervisor_uptime',
                         'get_hypervisors_servers', 'list_hypervisors_detail',
                         'list_search_hypervisors')


def accept_keys() -> None:
    """Add the keys to the schemas of each microversion that Tempest has.

    A key that a schema has already stays as Tempest defines it. Required keys
    stay required, and all other keys stay refused.
    """
    for module in _modules(servers_client.ServersClient):
        _accept(module, _SERVER_RESPONSES, SERVER_KEYS)
    for module in _modules(hypervisor_client.HypervisorClient):
        _accept(module, _HYPERVISOR_RESPONSES, HYPERVISOR_KEYS)


def _modules(client: Any) -> Iterator[ModuleType]:
    for versions in client.schema_versions_info:
        yield versions['schema']


def _accept(module: ModuleType, responses: Iterable[str],
            keys: dict[str, dict[str, Any]]) -> None:
    for response in responses:
        schema = getattr(module, response)
        for part in schema['response_body']['properties'].values():
            # NOTE: changed in place, as the clients and other schemas may
            # have the very object. The links of a list have no properties.
            properties = part.get('items', part).get('properties', {})
            if 'id' in properties:
                for key, definition in keys.items():
                    properties.setdefault(key, definition)
