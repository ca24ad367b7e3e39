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

"""A WSGI service of the cloud under gunicorn."""

import os
import pathlib
import signal
import sys

_CONFIG = """\
bind = '127.0.0.1:%(port)d'
wsgi_app = '%(application)s'
workers = %(workers)d
worker_class = 'gthread'
threads = %(threads)d
# Its import may take long, and a new worker ends its old one at once.
timeout = 180
graceful_timeout = 30
# A worker that ends closes the connections that are kept: a call that is on
# its way there fails. Proxies before gunicorn make one for each call, too.
keepalive = 0
# Nova asks Neutron for the ports of 1000 servers in one line.
limit_request_line = 0
control_socket_disable = True


def post_worker_init(worker):
    worker.log.info('Worker is ready')
"""

_READY = 'Worker is ready'
_ENDED = 'Worker exiting'


class Gunicorn:
    """A service under gunicorn.

    :param processes: those of the cloud
    :param folder: for its configuration
    :param name: of the service
    """

    def __init__(self, processes, folder, name):
        self._processes = processes
        self._config = pathlib.Path(folder, name + '-gunicorn.py')
        self.name = name
        self._workers = self._started = 0

    def start(self, port, application, environ=None, workers=1, threads=4):
        """Start it, and do not wait.

        :param port: where it listens on this machine
        :param application: the module and name of the WSGI application
        :param environ: environment variables for it
        :param workers: how many processes
        :param threads: how many threads in each
        """
        self._config.write_text(_CONFIG % {
            'port': port, 'application': application, 'workers': workers,
            'threads': threads})
        self._workers = self._started = workers
        # NOTE: Nova reads sys.argv: there must be nothing in it.
        self._processes.start(
            self.name, [os.path.join(os.path.dirname(sys.executable),
                                     'gunicorn')],
            {**(environ or {}), 'GUNICORN_CMD_ARGS': '-c %s' % self._config})

    def wait(self):
        """Wait until all workers are ready."""
        self._processes.wait_for_log(self.name, _READY, self._started)

    def reload(self):
        """Replace all workers, and wait until it is done.

        New ones are started, and old ones end what they have begun.
        """
        ended = self._started
        self._started += self._workers
        os.kill(self._processes.pid(self.name), signal.SIGHUP)
        self.wait()
        self._processes.wait_for_log(self.name, _ENDED, ended)
