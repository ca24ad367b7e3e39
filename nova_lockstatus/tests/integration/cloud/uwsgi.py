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

"""A WSGI service of the cloud under uWSGI, as deployment tools run it."""

import os
import pathlib
import signal
import sys

# The options that kolla-ansible and openstack-helm set, in the words of
# uWSGI's documentation. It starts no thread of an application without
# enable-threads.
_CONFIG = """\
[uwsgi]
http-socket = 127.0.0.1:%(port)d
module = %(application)s
need-app = true
master = true
processes = %(processes)d
threads = %(threads)d
lazy-apps = %(lazy_apps)s
enable-threads = true
thunder-lock = true
die-on-term = true
exit-on-reload = false
worker-reload-mercy = 30
buffer-size = 65535
add-header = Connection: close
"""

_READY = 'spawned uWSGI worker'
_LOADED = 'WSGI app 0 '


class UWSGI:
    """A service under uWSGI.

    :param processes: those of the cloud
    :param folder: for its configuration
    :param name: of the service
    """

    def __init__(self, processes, folder, name):
        self._processes = processes
        self._config = pathlib.Path(folder, name + '-uwsgi.ini')
        self.name = name

    def start(self, port, application, environ, lazy_apps, workers=2,
              threads=2):
        """Start it, and wait until it is ready.

        :param port: where it listens on this machine
        :param application: the module and name of the WSGI application
        :param environ: environment variables for it
        :param lazy_apps: whether each process loads the application, and not
            the master before it forks
        :param workers: how many processes
        :param threads: how many threads in each
        """
        self._config.write_text(_CONFIG % {
            'port': port, 'application': application, 'processes': workers,
            'threads': threads, 'lazy_apps': str(lazy_apps).lower()})
        self._processes.start(self.name, [
            os.path.join(os.path.dirname(sys.executable), 'uwsgi'),
            '--ini', str(self._config)], environ)
        self._processes.wait_for_log(
            self.name, _LOADED, workers if lazy_apps else 1)
        self._processes.wait_for_log(self.name, _READY, workers)

    def stop(self):
        """Stop it and its workers, which wait for connections otherwise."""
        self._processes.stop(self.name, signal.SIGKILL)
