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

"""Which calls the lock of a server refuses: all but those listed here.

A new action of Nova is refused until it is listed. A call is named by its
action, such as ``reboot``, or else by method and path, such as
``PUT /servers/{server_id}/tags``.
"""

import enum
import re
from collections.abc import Iterable
from typing import Any

from nova_lockstatus import exception

_PLACEHOLDER = re.compile(r'\{[^}]*\}')
_READING_METHODS = ('GET', 'HEAD', 'OPTIONS')


class Kind(enum.Enum):
    """How a call relates to the lock of a server."""

    CHANGES = 'changes a server'
    READS = 'reads'
    LOCKS = 'locks or unlocks'
    SERVICE = 'is made by Nova or another service'
    NO_SERVER = 'has no server'


class Loss(enum.Enum):
    """What a call destroys."""

    SERVER = 'the server, or its disks'
    LOCAL_DISK = 'the disks on the host, where the root disk is no volume'
    ROOT_VOLUME = 'the root disk, where the volume in the path is that'


DESTROYS = {
    'DELETE /servers/{}': Loss.SERVER,
    'DELETE /os-volumes_boot/{}': Loss.SERVER,
    'forceDelete': Loss.SERVER,
    'rebuild': Loss.SERVER,
    # Nova offloads what is shelved, at once by default, and keeps an image of
    # the root disk alone.
    'shelve': Loss.LOCAL_DISK,
    'shelveOffload': Loss.LOCAL_DISK,
    'PUT /servers/{}/os-volume_attachments/{}': Loss.ROOT_VOLUME,
    'DELETE /servers/{}/os-volume_attachments/{}': Loss.ROOT_VOLUME,
}
"""Calls that a lock of the level ``delete`` refuses."""

LOCKS = ('lock', 'unlock')

RESOURCE = (
    'POST /os-locks',
    'PUT /os-locks/{}',
    'DELETE /os-locks/{}',
)
"""Calls of os-server-locks that lock or unlock; Nova does not have them."""

HOST = (
    'PUT /os-hosts/{}',
    'GET /os-hosts/{}/reboot',
    'GET /os-hosts/{}/shutdown',
)
"""Calls that change each server on the host that they name."""

READS = (
    'os-getConsoleOutput',
    'os-getRDPConsole',
    'os-getSerialConsole',
    'os-getSPICEConsole',
    'os-getVNCConsole',
    'POST /servers/{}/remote-consoles',
    'POST /servers/{}/consoles',
    'DELETE /servers/{}/consoles/{}',
)
"""Calls that only read or open a console, with a method that writes."""

SERVICES = (
    'POST /os-assisted-volume-snapshots',
    'DELETE /os-assisted-volume-snapshots/{}',
    'POST /os-server-external-events',
)
"""Calls of Cinder, Neutron, Ironic and Cyborg. They report an event that has
happened, or are part of a call to those services."""

CREATES = ('POST /servers', 'POST /os-volumes_boot')
"""Calls that make servers."""

NO_SERVER = (
    *CREATES,
    'POST /flavors',
    'PUT /flavors/{}',
    'DELETE /flavors/{}',
    'addTenantAccess',
    'removeTenantAccess',
    'POST /flavors/{}/os-extra_specs',
    'PUT /flavors/{}/os-extra_specs/{}',
    'DELETE /flavors/{}/os-extra_specs/{}',
    'DELETE /images/{}',
    'POST /images/{}/metadata',
    'PUT /images/{}/metadata',
    'PUT /images/{}/metadata/{}',
    'DELETE /images/{}/metadata/{}',
    'POST /os-aggregates',
    'PUT /os-aggregates/{}',
    'DELETE /os-aggregates/{}',
    'add_host',
    'remove_host',
    'set_metadata',
    'POST /os-aggregates/{}/images',
    'POST /os-baremetal-nodes',
    'DELETE /os-baremetal-nodes/{}',
    'add_interface',
    'remove_interface',
    'POST /os-floating-ips',
    'GET /os-hosts/{}/startup',
    'POST /os-keypairs',
    'DELETE /os-keypairs/{}',
    'PUT /os-quota-class-sets/{}',
    'PUT /os-quota-sets/{}',
    'DELETE /os-quota-sets/{}',
    'POST /os-security-group-rules',
    'DELETE /os-security-group-rules/{}',
    'POST /os-security-groups',
    'PUT /os-security-groups/{}',
    'DELETE /os-security-groups/{}',
    'POST /os-server-groups',
    'PUT /os-services/{}',
    'DELETE /os-services/{}',
    'POST /os-snapshots',
    'DELETE /os-snapshots/{}',
    'POST /os-volumes',
    'DELETE /os-volumes/{}',
)
"""Calls that act on no existing server. A host that can be asked to start up
runs its nova-compute already, and its servers stay as they are."""

_KINDS = {name: kind for kind, names in (
    (Kind.CHANGES, HOST), (Kind.LOCKS, LOCKS),
    (Kind.LOCKS, RESOURCE), (Kind.READS, READS),
    (Kind.SERVICE, SERVICES), (Kind.NO_SERVER, NO_SERVER)) for name in names}


def name(method: str, path: str, action: str | None) -> str:
    """Name a call.

    :param path: the path of Nova's route, without a project
    :param action: the key of the body that names the action, or None
    :returns: the action, or else method and path with ``{}`` for each id
    """
    return action or _PLACEHOLDER.sub('{}', '%s %s' % (method, path))


def kind(call: str) -> Kind:
    """Classify a call.

    :returns: its kind, :attr:`Kind.CHANGES` for a call that is not known
    """
    reads = call.partition(' ')[0] in _READING_METHODS
    return _KINDS.get(call, Kind.READS if reads else Kind.CHANGES)


def changes_host(call: str, body: Any) -> bool:
    """Tell whether a call changes each server on a host.

    :param body: the body of the call, which Nova has checked
    """
    if call == 'PUT /os-hosts/{}':
        # Its other key only says whether new servers may come to the host.
        mode = str(body.get('maintenance_mode', ''))
        return mode.strip().lower() == 'enable'
    return call in HOST


def exempt(configured: Iterable[str], known: Iterable[str]) -> frozenset[str]:
    """Check the configured names of exempt calls.

    :param configured: the names as the operator wrote them, with any word in
        braces for an id
    :returns: the names, with ``{}`` for each id
    :raises InvalidExemption: when the lock refuses no call of that name
    """
    refusable = {call for call in known if kind(call) is Kind.CHANGES}
    names = set()
    for entry in configured:
        method, _, path = entry.strip().partition(' ')
        call = name(method, path.strip(), None) if path else method
        if call not in refusable:
            raise exception.InvalidExemption(name=entry)
        names.add(call)
    return frozenset(names)
