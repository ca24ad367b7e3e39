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

"""os-server-host-status: is the host under a server alive?

From the Nova blueprint get-valid-server-state.
"""

from typing import Any

from nova_lockstatus.core import host_status
from nova_lockstatus.extensions import base
from nova_lockstatus.policies import server_host_status as rules


def _host_status(server: base.Server) -> str:
    return server.read_host_status()


def _unknown_only(server: base.Server) -> Any:
    value = server.read_host_status()
    return value if value == host_status.UNKNOWN else base.ABSENT


def _is_unknown(value: Any) -> bool:
    return bool(value == host_status.UNKNOWN)


class ServerHostStatus(base.Extension):
    """Shows the state of a server's host at every microversion."""

    alias = 'os-server-host-status'
    name = 'ServerHostStatus'
    description = 'Whether the host under a server is alive.'
    namespace = ('http://docs.openstack.org/compute/ext/'
                 'server_host_status/api/v2')
    updated = '2026-11-21T00:00:00Z'

    instance_attributes = ('host',)
    reads_host_status = True
    server_fields = (
        # Nova's own value can come from a service that was deleted.
        base.ServerField(
            'host_status', rules.HOST_STATUS, _host_status,
            nova_since='2.16', nova_requires=False, replaces_nova=True,
            fallback=base.Fallback(rules.UNKNOWN_ONLY, _unknown_only,
                                   permits=_is_unknown)),
    )
