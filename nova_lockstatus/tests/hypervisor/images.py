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

"""The stubs of the cloud, with an image of which a guest boots.

The environment names the folder that has the files of the guest.
"""

import json
import os
import pathlib
import uuid

from nova_lockstatus.tests.hypervisor import guest
from nova_lockstatus.tests.integration.cloud import stubs

FOLDER = 'NOVA_LOCKSTATUS_IMAGES'
"""The environment variable that names it."""

_IDS = {guest.DISK: stubs.IMAGE['id'], **{
    name: str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    for name in (guest.KERNEL, guest.RAMDISK)}}

_FORMATS = {guest.KERNEL: 'aki', guest.RAMDISK: 'ari', guest.DISK: 'ami'}

_BOOTS = {'kernel_id': _IDS[guest.KERNEL], 'ramdisk_id': _IDS[guest.RAMDISK],
          'os_command_line': guest.COMMAND_LINE}


def _image(name, file):
    return {**stubs.IMAGE, 'id': _IDS[name], 'size': file.stat().st_size,
            'container_format': _FORMATS[name], 'disk_format': _FORMATS[name],
            **(_BOOTS if name == guest.DISK else {})}


def application(environ, start_response):
    """Answer a read, as a WSGI application."""
    for name, image_id in _IDS.items():
        path = '/image/v2/images/' + image_id
        file = pathlib.Path(os.environ[FOLDER], name)
        if environ['PATH_INFO'] == path:
            kind, body = 'json', json.dumps(_image(name, file)).encode()
        elif environ['PATH_INFO'] == path + '/file':
            kind, body = 'octet-stream', file.read_bytes()
        else:
            continue
        start_response('200 OK', [('Content-Type', 'application/' + kind),
                                  ('Content-Length', str(len(body))),
                                  ('X-Stub', 'image')])
        return [body]
    return stubs.application(environ, start_response)
