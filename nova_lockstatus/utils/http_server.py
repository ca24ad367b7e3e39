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

"""Answers over HTTP, whether eventlet has patched Python or not."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref import simple_server

from oslo_log import log as logging

from nova_lockstatus import exception

LOG = logging.getLogger(__name__)


def serve_until(server: socketserver.TCPServer, stopped: Callable[[], bool],
                turn: float = 0.5) -> None:
    """Take connections until told to stop.

    :param server: who answers them
    :param stopped: whether to stop
    :param turn: seconds after which that is asked where nobody connects
    """
    # NOTE: serve_forever() waits with a selector that eventlet does not know
    # of, if it was imported before eventlet's patches: no other green thread
    # would have its turn.
    server.socket.settimeout(turn)
    while not stopped():
        try:
            request, client = server.get_request()
        except TimeoutError:
            continue
        except OSError as error:
            LOG.warning('No connection can be taken at port %s: %s',
                        server.server_address[1], error)
            time.sleep(turn)
            continue
        server.process_request(request, client)


LOG = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

READ_TIMEOUT = 10
"""Seconds that a client may take for a part of its request."""


class _Handler(simple_server.WSGIRequestHandler):

    timeout = READ_TIMEOUT

    def address_string(self) -> str:
        """Return who asks, without a question to the DNS."""
        return str(self.client_address[0])

    def log_message(self, format: str, *args: Any) -> None:
        """Keep it out of standard error, where there is a log."""
        LOG.debug('Metrics: %s', format % args)


class _Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):

    daemon_threads = True
    # Two that take turns in answering would show two sets of counters.
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
        """Log what a client has done wrong, or that it has gone."""
        LOG.debug('Metrics: an answer failed: %r', sys.exc_info()[1])


class BackgroundServer:
    """Serves a WSGI application over HTTP.

    It is bound before the process forks, so that what is wrong with the port
    is known at the start, and served in a thread of the child's.

    :param application: the application
    :param address: where to listen, a name or an address
    :param port: the port
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
        """Take the port, if it is not taken yet.

        :raises MetricsPortUnusable: when it cannot be had
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
        """Serve, if it is not served yet, without waiting for anything.

        :raises MetricsPortUnusable: when the port cannot be had
        """
        if self._thread is not None:
            return
        self.bind()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=serve_until, args=(self._server, self._stop.is_set),
            daemon=True)
        self._thread.start()
        LOG.info('Metrics are served at address %s, port %d.', self._address,
                 self._port)

    def stop(self) -> None:
        """Serve no longer, and give the port back."""
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        server, self._server = self._server, None
        if server is not None:
            server.server_close()
