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

"""Has a process that runs programs in forks of itself."""

import json
import os
import socket
import subprocess
import sys

import fixtures

from nova_lockstatus.tests import commands
from nova_lockstatus.tests import fork_worker


class Forks(fixtures.Fixture):
    """Has such a process.

    :param name: of a program
    :param load: the source that imports what programs will need
    """

    def __init__(self, name, load):
        super().__init__()
        self._name = name
        self._load = load

    def _setUp(self):
        # NOTE: a socket, as eventlet patches sockets but not pipes: Nova
        # goes on while a test waits for the program.
        with socket.create_server(('127.0.0.1', 0)) as door:
            process = subprocess.Popen(
                [sys.executable, '-m', fork_worker.__name__,
                 str(door.getsockname()[1]), self._name, self._load],
                env={**os.environ, 'PYTHONIOENCODING': 'utf-8',
                     'COLUMNS': '200'})
            self.addCleanup(process.wait, 30)
            connection = self._accept(door, process)
        connection.settimeout(fork_worker.TIMEOUT + 10)
        self.addCleanup(connection.close)
        self._lines = connection.makefile('rw', encoding='utf-8')
        self.addCleanup(self._lines.close)

    @staticmethod
    def _accept(door, process):
        door.settimeout(1)
        while True:
            try:
                return door.accept()[0]
            except TimeoutError:
                if process.poll() is not None:
                    raise RuntimeError('What runs programs ended with %d.'
                                       % process.returncode) from None

    def run(self, **call):
        """Run a program.

        :param call: what fork_worker's fork() takes
        :returns: how it ended, and what it printed
        """
        self._lines.write(json.dumps(call) + '\n')
        self._lines.flush()
        return commands.Done(**json.loads(self._lines.readline()))
