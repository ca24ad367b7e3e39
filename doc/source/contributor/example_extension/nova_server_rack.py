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

"""os-server-rack: in which rack does a server belong, and where is it?"""

from typing import Any

import webob.exc
from oslo_policy import policy

from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import route

RACK = 'os_compute_api:os-server-rack:rack'
SHOW = 'os_compute_api:os-server-rack:show'

ROOMS = {'r7': 'north', 'r8': 'south'}

RULES = (
    policy.DocumentedRuleDefault(
        name=RACK,
        check_str='rule:project_reader_or_admin',
        description='See in which rack a server belongs: the key ``rack``.',
        operations=[{'method': 'GET', 'path': '/servers/{server_id}'},
                    {'method': 'GET', 'path': '/servers/detail'}],
        scope_types=['project']),
    policy.DocumentedRuleDefault(
        name=SHOW,
        check_str='rule:context_is_admin',
        description='See in which room a rack is.',
        operations=[{'method': 'GET', 'path': '/os-racks/{id}'}],
        scope_types=['project']),
)


def list_rules() -> tuple[policy.DocumentedRuleDefault, ...]:
    """Return the rules, for oslo.policy's generators."""
    return RULES


def _rack(server: base.Server) -> str | None:
    rack: str | None = server.instance.metadata.get('rack')
    return rack


def show(request: route.ApiRequest) -> dict[str, Any]:
    """Answer GET /os-racks/{id}."""
    rack = request.path['id']
    if rack not in ROOMS:
        raise webob.exc.HTTPNotFound(explanation='There is no such rack.')
    return {'rack': {'id': rack, 'room': ROOMS[rack]}}


class ServerRack(base.Extension):
    """Shows the metadata ``rack`` of a server, and racks as a resource."""

    alias = 'os-server-rack'
    name = 'ServerRack'
    description = 'In which rack a server belongs.'
    namespace = 'https://example.org/compute/ext/server_rack/api/v2'
    updated = '2026-11-21T00:00:00Z'

    policies = RULES
    instance_attributes = ('metadata',)
    server_fields = (base.ServerField('rack', RACK, _rack),)
    routes = (
        route.Route('GET', '/os-racks/{id}', 'nova_server_rack:show', SHOW),
    )
