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

"""One valid request, at the least, for each call that changes a server.

os-server-state-lock refuses a call when Nova has parsed and checked it, so the
bodies must be such that Nova accepts them.
"""

from typing import Any, NamedTuple

IMAGE = '155d900f-4e14-4e4c-a73d-069cbf4541e6'
UUID = 'c1a5a5c2-5d6e-4f7e-8c51-4f2a3d5b6e70'
ADDRESS = '172.24.4.17'

LATEST = 'latest'


class Request(NamedTuple):
    """A request for a call.

    :param microversion: at which to make it
    :param body: what to send, or for an action the value of its key
    :param id: what stands for the second id in the path
    """

    microversion: str = '2.1'
    body: Any = None
    id: str = UUID


def both(body: Any = None, id: str = UUID, since: str = '2.1',
         until: str = LATEST) -> list[Request]:
    """Make the same request at the oldest and the newest microversion."""
    return [Request(version, body, id)
            for version in dict.fromkeys((since, until))]


_META = {'metadata': {'colour': 'red'}}
_VOLUME = {'volumeAttachment': {'volumeId': UUID}}
_RENAME = {'server': {'name': 'renamed'}}

ACTIONS: dict[str, list[Request]] = {
    'addFixedIp': both({'networkId': UUID}, until='2.43'),
    'addFloatingIp': both({'address': ADDRESS}, until='2.43'),
    'addSecurityGroup': both({'name': 'default'}),
    'changePassword': both({'adminPass': 'secret'}),
    'confirmResize': both(),
    'evacuate': [Request('2.1', {'onSharedStorage': False}),
                 Request('2.14', {}), Request(LATEST, {})],
    'force_complete': both(id='1', since='2.22'),
    'forceDelete': both(),
    'injectNetworkInfo': both(),
    'migrate': both(),
    'os-migrateLive': [
        Request('2.1', {'host': None, 'block_migration': False,
                        'disk_over_commit': False}),
        Request('2.25', {'host': None, 'block_migration': 'auto'}),
        Request(LATEST, {'host': None, 'block_migration': 'auto'})],
    'os-resetState': both({'state': 'error'}),
    'os-start': both(),
    'os-stop': both(),
    'pause': both(),
    'reboot': both({'type': 'HARD'}),
    'rebuild': both({'imageRef': IMAGE}),
    'removeFixedIp': both({'address': '192.168.1.3'}, until='2.43'),
    'removeFloatingIp': both({'address': ADDRESS}, until='2.43'),
    'removeSecurityGroup': both({'name': 'default'}),
    'rescue': both(),
    'resize': both({'flavorRef': '2'}),
    'restore': both(),
    'resume': both(),
    'revertResize': both(),
    'shelve': both(),
    'shelveOffload': both(),
    'suspend': both(),
    'trigger_crash_dump': both(since='2.17'),
    'unpause': both(),
    'unrescue': both(),
    'unshelve': both(),
}

RESOURCES: dict[str, list[Request]] = {
    'PUT /servers/{}': both(_RENAME),
    'DELETE /servers/{}': both(),
    'POST /servers/{}/metadata': both(_META),
    'PUT /servers/{}/metadata': both(_META),
    'PUT /servers/{}/metadata/{}': both({'meta': {'colour': 'red'}},
                                        'colour'),
    'DELETE /servers/{}/metadata/{}': both(id='colour'),
    'DELETE /servers/{}/migrations/{}': both(id='1', since='2.24'),
    'POST /servers/{}/os-interface': both({'interfaceAttachment': {}}),
    'DELETE /servers/{}/os-interface/{}': both(),
    'DELETE /servers/{}/os-server-password': both(),
    'POST /servers/{}/os-volume_attachments': both(_VOLUME),
    'PUT /servers/{}/os-volume_attachments/{}': both(
        {'volumeAttachment': {'volumeId': UUID,
                              'delete_on_termination': True}}, since='2.85'),
    'DELETE /servers/{}/os-volume_attachments/{}': both(),
    'POST /servers/{}/shares': both({'share': {'share_id': UUID}},
                                    since='2.97'),
    'DELETE /servers/{}/shares/{}': both(since='2.97'),
    'PUT /servers/{}/tags': both({'tags': ['red']}, since='2.26'),
    'DELETE /servers/{}/tags': both(since='2.26'),
    'PUT /servers/{}/tags/{}': both(id='red', since='2.26'),
    'DELETE /servers/{}/tags/{}': both(id='blue', since='2.26'),
    'DELETE /os-floating-ips/{}': both(until='2.35'),
    'PUT /os-volumes_boot/{}': both(_RENAME, until='2.42'),
    'DELETE /os-volumes_boot/{}': both(until='2.42'),
}

EXEMPT: dict[str, list[Request]] = {
    'createImage': both({'name': 'image'}),
    'createBackup': both({'name': 'backup', 'backup_type': 'daily',
                          'rotation': 1}),
}
"""The calls that are exempt by default."""

READS: dict[str, list[Request]] = {
    'os-getConsoleOutput': both({}),
    'os-getSerialConsole': both({'type': 'serial'}, until='2.5'),
    'os-getSPICEConsole': both({'type': 'spice-html5'}, until='2.5'),
    'os-getVNCConsole': both({'type': 'novnc'}, until='2.5'),
    'POST /servers/{}/remote-consoles': both(
        {'remote_console': {'protocol': 'vnc', 'type': 'novnc'}},
        since='2.6'),
}

CHANGES = ACTIONS | RESOURCES
"""The calls that a locked server refuses."""


def fill(name: str, path: str, request: Request, server_id: str
         ) -> tuple[str, Any]:
    """Make the path and the body of a request.

    :param name: the name of the call
    :param path: its path, as Nova's table of routes has it
    :param request: the request
    :param server_id: the server
    :returns: path and body
    """
    ids = iter([server_id, request.id])
    if path.startswith('/os-floating-ips'):
        next(ids)
    filled = '/'.join(next(ids) if part.startswith('{') else part
                      for part in path.split('/'))
    if ' ' in name:
        return filled, request.body
    return filled, {name: request.body}
