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

"""Serves HTTP, whether eventlet has patched Python or not."""

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref import simple_server

from nova_lockstatus import exception
from nova_lockstatus.utils import logs
from nova_lockstatus.utils import threads

LOG = logs.logger(__name__)

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

READ_TIMEOUT = 10
"""Seconds to wait for a client's next bytes."""


def serve_until(server: socketserver.TCPServer, stopped: Callable[[], bool],
                poll_seconds: float = 0.5) -> None:
    """Accept connections until told to stop.

    :param poll_seconds: how often that is asked while nobody connects
    """
    # NOTE: serve_forever() waits with a selector that eventlet does not know
    # of, if it was imported before eventlet's patches: no other green thread
    # would run.
    server.socket.settimeout(poll_seconds)
    while not stopped():
        try:
            request, client = server.get_request()
        except TimeoutError:
            continue
        except OSError as error:
            LOG.warning('A connection to the port %s cannot be accepted: %s',
                        server.server_address[1], error)
            time.sleep(poll_seconds)
            continue
        server.process_request(request, client)


class _Handler(simple_server.WSGIRequestHandler):

    timeout = READ_TIMEOUT

    def address_string(self) -> str:
        """Return the client's address, without a question to the DNS."""
        return str(self.client_address[0])

    def log_message(self, format: str, *args: Any) -> None:
        """Log a request, instead of printing it to the standard error."""
        LOG.debug('Metrics: %s', format % args)


class _Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):

    daemon_threads = True
    # Two processes that share the port would show two sets of counters.
    allow_reuse_port = False

    def __init__(self, address: str, port: int) -> None:
        # NOTE: eventlet's has other names for its parameters.
        self.address_family, _type, _proto, _name, found = socket.getaddrinfo(
            address, port, 0, socket.SOCK_STREAM)[0]
        super().__init__(found, _Handler)  # type: ignore[arg-type]

    def server_bind(self) -> None:
        """Bind, without a question to the DNS, which can take long."""
        socketserver.TCPServer.server_bind(self)
        name, port = self.server_address[:2]
        self.server_name, self.server_port = str(name), int(port)
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log a request that failed, for instance because the client left."""
        LOG.debug('Metrics: an answer failed: %s', repr(sys.exc_info()[1]))


class BackgroundServer:
    """Serves a WSGI application over HTTP.

    The port is bound before the process forks, so that a port in use stops
    the start. Requests are served in a thread of the child.
    """

    def __init__(self, application: Application, address: str, port: int
                 ) -> None:
        self._application = application
        self._address = address
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def bind(self) -> None:
        """Bind the port, unless it is bound.

        :raises MetricsPortUnusable: when it cannot be bound
        """
        if self._server is not None:
            return
        try:
            server = _Server(self._address, self._port)
        except OSError as error:
            raise exception.MetricsPortUnusable(
                address=self._address, port=self._port,
                reason=error.strerror or error) from error
        server.set_app(self._application)
        self._server = server

    def start(self) -> None:
        """Serve from now on, unless it does so already.

        :raises MetricsPortUnusable: when the port cannot be bound
        """
        if self._thread is not None:
            return
        self.bind()
        self._stop = threading.Event()
        self._thread = threads.start_daemon(
            serve_until, self._server, self._stop.is_set)
        LOG.info('Metrics are served at address %s, port %d.', self._address,
                 self._port)

    def stop(self) -> None:
        """Stop serving, and close the port."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        server, self._server = self._server, None
        if server is not None:
            server.server_close()
