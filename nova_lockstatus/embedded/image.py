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

"""The part of Glance that an OpenStack client needs to name an image."""

from typing import Any

import webob
import webob.dec

_KEYS = ('id', 'name', 'status', 'min_disk', 'min_ram', 'size',
         'container_format', 'disk_format')


class Glance:
    """Serve reads of the Image API v2.

    :param images: the images, as Nova's GlanceFixture keeps them, by id
    """

    def __init__(self, images: dict[str, dict[str, Any]], url: str) -> None:
        self._images = images
        self._url = url

    @webob.dec.wsgify  # type: ignore[untyped-decorator]
    def __call__(self, request: webob.Request) -> webob.Response:
        path = [part for part in request.path_info.split('/') if part]
        if path in ([], ['v2']):
            return webob.Response(status=300 if not path else 200, json={
                'versions': [{
                    'id': 'v2.9', 'status': 'CURRENT',
                    'links': [{'rel': 'self',
                               'href': f'{self._url}/image/v2/'}]}]})
        if path == ['v2', 'images']:
            return webob.Response(json={
                'images': [_show(image) for image in self._images.values()]})
        if path[:2] == ['v2', 'images'] and path[2] in self._images:
            return webob.Response(json=_show(self._images[path[2]]))
        return webob.Response(status=404, json={
            'message': 'The demo only reads images.', 'code': '404'})


def _show(image: dict[str, Any]) -> dict[str, Any]:
    return {**{key: image.get(key) for key in _KEYS},
            'visibility': 'public', 'tags': [], 'protected': False}
