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

"""Start a Nova with the plugin on this machine, to try it out."""

import argparse
import contextlib
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Sequence
from typing import Any


class _Stopped(KeyboardInterrupt):
    """A signal ends the demo while it starts."""


class _Demo:
    """One run of the demo."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._stopped = False
        self._started = time.monotonic()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: Any) -> None:
        # NOTE: only a flag: an exception out of here could land in any of
        # Nova's green threads.
        self._stopped = True

    def _progress(self, line: str) -> None:
        if self._stopped:
            raise _Stopped
        print(f'[{time.monotonic() - self._started:4.1f} s] {line}',
              flush=True)

    def run(self, folder: str) -> None:
        """Start, show, serve and stop."""
        self._progress('Loading Nova')
        from nova_lockstatus.embedded import nova
        from nova_lockstatus.embedded import report
        from nova_lockstatus.embedded import sample_data
        from nova_lockstatus.embedded import sample_locks
        from nova_lockstatus.embedded import web
        server = None if self._options.once else web.Server(self._options.port)
        embedded = nova.EmbeddedNova(
            hosts=sample_data.HOSTS, state_dir=self._options.state_dir,
            config=sample_locks.config(folder), progress=self._progress)
        with embedded:
            sample_locks.make_tables()
            sample_data.build(embedded, self._progress)
            sample_locks.build(embedded, self._progress)
            embedded.save()
            self._progress('Asking for the servers at API 2.1\n')
            print(report.table(embedded), flush=True)
            if server is not None:
                self._serve(server, embedded, folder)
        print('Stopped.', flush=True)

    def _serve(self, server: Any, embedded: Any, folder: str) -> None:
        from nova_lockstatus.embedded import keystone
        from nova_lockstatus.embedded import report
        from nova_lockstatus.embedded import web
        from nova_lockstatus.utils import http_server
        clouds = os.path.join(os.path.abspath(folder), 'clouds.yaml')
        keystone.write_clouds(clouds, server.url)
        port = self._options.dashboard_port
        server.set_app(web.Site(embedded, server.url, network=bool(port)))
        server.server_activate()
        print(f'\n{report.commands(embedded, server.url, clouds)}\n'
              f'Nova answers at {server.url}. Ctrl-C ends it.', flush=True)
        with contextlib.ExitStack() as stack:
            stack.enter_context(server)
            if port:
                thread = threading.Thread(
                    target=self._show_dashboard, args=(server.url, folder))
                stack.callback(thread.join)
                thread.start()
            http_server.serve_until(server, lambda: self._stopped)

    def _show_dashboard(self, url: str, folder: str) -> None:
        from nova_lockstatus.embedded import horizon
        try:
            with horizon.running(
                f'{url}/identity/v3', self._options.dashboard_port,
                os.path.join(folder, 'horizon'), self._progress,
            ) as address:
                print(f'\nHorizon answers at {address}. The users: admin, '
                      'owner, member, reader. Their passwords are their '
                      'names.', flush=True)
                while not self._stopped:
                    time.sleep(0.1)
        except _Stopped:
            pass
        except horizon.HorizonError as exc:
            print(exc, file=sys.stderr)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(
        f'{text!r} is not a port: a number from 1 to 65535')


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m nova_lockstatus.embedded', description=__doc__)
    parser.add_argument(
        '--port', type=_port, default=8774,
        help='the port on 127.0.0.1 to answer at (default: %(default)s)')
    parser.add_argument(
        '--dashboard-port', type=_port, metavar='PORT',
        help='run Horizon, too, on this port of 127.0.0.1; it has to be '
             'installed in the same environment')
    parser.add_argument(
        '--once', action='store_true',
        help='print what each user sees, and end')
    parser.add_argument(
        '--state-dir', metavar='DIR',
        help='keep the databases there, for the next run to go on with')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo."""
    options = _parse(argv)
    # NOTE: what Nova says at its import about eventlet is not for somebody
    # who tries out a plugin.
    warnings.simplefilter('ignore')
    logging.getLogger().addHandler(logging.NullHandler())
    demo = _Demo(options)
    folder = tempfile.mkdtemp(prefix='nova-lockstatus-')
    try:
        demo.run(options.state_dir or folder)
    except _Stopped:
        print('Stopped.')
    except (OSError, RuntimeError, ValueError) as exc:
        print(f'The demo cannot run: {exc}', file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == '__main__':
    sys.exit(main())
