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

"""The embedded Nova on a port of this machine."""

import io
import socketserver
from collections.abc import Iterable
from typing import Any
from wsgiref import simple_server
from wsgiref import util

import webob
import webob.dec

from nova_lockstatus.embedded import auth
from nova_lockstatus.embedded import keystone
from nova_lockstatus.embedded import neutron
from nova_lockstatus.embedded import nova

HOST = '127.0.0.1'

_IMAGE_KEYS = ('id', 'name', 'status', 'min_disk', 'min_ram', 'size',
               'container_format', 'disk_format')


class Glance:
    """Serves the reads of Glance's API that a client needs to name an image.

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
            return webob.Response(
                json={'images': list(map(_show_image, self._images.values()))})
        if path[:2] == ['v2', 'images'] and path[2] in self._images:
            return webob.Response(json=_show_image(self._images[path[2]]))
        if path == ['v2', 'schemas', 'image']:
            return webob.Response(json={
                'name': 'image',
                'properties': {key: {} for key in _IMAGE_KEYS}})
        # NOTE: Glance's own errors are no JSON, and its client relies on it.
        return webob.Response(
            status=404, text='The demo only reads images.')


def _show_image(image: dict[str, Any]) -> dict[str, Any]:
    return {**{key: image.get(key) for key in _IMAGE_KEYS},
            'visibility': 'public', 'tags': [], 'protected': False}


class Site:
    """Nova, with the parts of Keystone and Glance that a client needs.

    :param network: whether there is a network service, which Horizon needs
    """

    def __init__(
        self, embedded: nova.EmbeddedNova, url: str, network: bool = False,
    ) -> None:
        self._embedded = embedded
        self._others: dict[str, auth.WSGIApp] = {
            'identity': keystone.Keystone(url, network),
            'image': Glance(embedded.images, url)}
        if network:
            self._others['network'] = neutron.Neutron()

    def __call__(self, environ: auth.Environ,
                 start_response: auth.StartResponse) -> Iterable[bytes]:
        first = environ['PATH_INFO'].lstrip('/').partition('/')[0]
        if first in self._others:
            util.shift_path_info(environ)
            return self._others[first](environ, start_response)
        # NOTE: Nova's fixture keeps every notification for tests, and would
        # grow without end here.
        self._embedded.services.notifier.reset()
        return self._embedded.app(environ, start_response)


class _Handler(simple_server.WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the demo's terminal is for its table."""

    def get_stderr(self) -> Any:
        return io.StringIO()


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    """Binds the port at once, and serves once it is activated.

    :raises OSError: when the port cannot be had
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Handler, bind_and_activate=False)
        try:
            self.server_bind()
        except OSError as exc:
            self.server_close()
            raise OSError(f'port {port} of {HOST}: {exc.strerror}') from exc

    @property
    def url(self) -> str:
        """The URL of the server."""
        return f'http://{HOST}:{self.server_port}'

    def server_bind(self) -> None:
        # NOTE: the base class looks up the machine's name for this, which
        # can take long and is not wanted.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that closes its connection early."""
