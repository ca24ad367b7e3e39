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

import socketserver
import time
from collections.abc import Callable

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


def serve(server: socketserver.TCPServer, stopped: Callable[[], bool],
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
