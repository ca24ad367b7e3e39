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

"""Stubs of Neutron and Glance: as little of each as Nova has to ask.

There are no networks, and two images without content. The servers are booted
without networks, but Nova asks for their ports all the same.
"""

import json
import uuid
from typing import Any


def _image(name: str) -> dict[str, Any]:
    return {
        'id': str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), 'name': name,
        'status': 'active', 'visibility': 'public', 'protected': False,
        'min_disk': 0, 'min_ram': 0, 'size': 1024, 'container_format': 'bare',
        'disk_format': 'raw', 'tags': [], 'owner': None,
        'created_at': '2026-01-01T00:00:00Z',
        'updated_at': '2026-01-01T00:00:00Z'}


IMAGE = _image('stub')
OTHER_IMAGE = _image('other')

_VERSION = {'id': 'v2.9', 'status': 'CURRENT', 'links': [
    {'rel': 'self', 'href': '/image/v2/'}]}

_GLANCE = {
    (): {'versions': [_VERSION]},
    ('v2',): {'versions': [_VERSION]},
    ('v2', 'images'): {'images': [IMAGE, OTHER_IMAGE]},
    ('v2', 'images', IMAGE['id']): IMAGE,
    ('v2', 'images', OTHER_IMAGE['id']): OTHER_IMAGE,
    ('v2', 'schemas', 'image'): {
        'name': 'image', 'properties': {key: {} for key in IMAGE}},
}

_NO = {'error': 'This is a stub of the integration tests.'}


def _answer(service, path):
    if service == 'image':
        return _GLANCE.get(tuple(path))
    if service == 'network' and path[:2] == ['v2.0', 'quotas']:
        return {'quota': {'port': -1}}
    if service == 'network' and path[:1] == ['v2.0'] and len(path) == 2:
        return {path[1].removesuffix('.json').replace('-', '_'): []}
    return None


def application(environ, start_response):
    """Answer a read, as a WSGI application."""
    service, *path = environ['PATH_INFO'].strip('/').split('/')
    body = _answer(service, [part for part in path if part])
    if environ['REQUEST_METHOD'] != 'GET':
        body = None
    start_response('200 OK' if body else '404 Not Found', [
        ('Content-Type', 'application/json'), ('X-Stub', service)])
    return [json.dumps(body or _NO).encode()]
