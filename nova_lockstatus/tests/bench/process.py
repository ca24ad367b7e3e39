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

"""Nova's API in processes of their own, which are told what to do."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile

# The order of sets depends on the seed, and is the same in all processes.
_ENVIRONMENT = {'OS_NOVA_DISABLE_EVENTLET_PATCHING': 'true',
                'PYTHONHASHSEED': '0'}


@contextlib.contextmanager
def start(kind, config):
    """Start Nova's API in a process of its own, and end it afterwards.

    :param kind: stock, or plugin for Nova with the plugin
    :param config: the path of its nova.conf
    :returns: the Worker, which is not ready yet
    """
    with tempfile.TemporaryFile('w+') as errors, subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-m',
             'nova_lockstatus.tests.bench.worker', kind, config],
            env=os.environ | _ENVIRONMENT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            text=True) as started:
        yield Worker(started, errors)


class Worker:
    """Nova's API in a process of its own.

    :param process: the process
    :param errors: the file that it writes its errors to
    """

    def __init__(self, process, errors):
        self._process = process
        self._errors = errors

    def ready(self):
        """Wait until the applications are loaded.

        :returns: what is measured there
        :raises RuntimeError: when they cannot be loaded
        """
        return self._read()

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError('nova-api ended:\n' + self._errors.read())
        answer = json.loads(line)
        if isinstance(answer, dict) and 'error' in answer:
            raise RuntimeError(answer['error'])
        return answer

    def order(self, do, **details):
        """Have the process do something.

        :returns: what came of it
        :raises RuntimeError: when a call is not answered with 200, or the
            process ended
        """
        self._process.stdin.write(
            json.dumps({'do': do, **details}) + '\n')
        self._process.stdin.flush()
        return self._read()
