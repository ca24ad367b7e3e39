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

"""The processes of a cloud, each with a log that can be read."""

import os
import pathlib
import signal
import subprocess
import time

from nova_lockstatus.tests.integration.cloud import janitor

TIMEOUT = 180
"""Seconds that something may take on a machine that has much to do."""

_LINES = 30


class Broken(Exception):
    """A process of the cloud does not do what it should."""


class Processes:
    """Starts and stops processes.

    :param folder: of the cloud
    """

    def __init__(self, folder):
        self.environ = {
            **{key: value for key, value in os.environ.items()
               if not key.startswith('OS_')},
            'PYTHONWARNINGS': 'ignore'}
        self._folder = pathlib.Path(folder, 'log')
        self._folder.mkdir()
        self._running = {}
        self._finishing = set()
        self._began = {}

    def start(self, name, argv, environ=None, finishes=False):
        """Start a process.

        :param name: a name of its own, which its log has too
        :param argv: the command
        :param environ: further environment variables
        :param finishes: whether it ends when it has done its work
        """
        if finishes:
            self._finishing.add(name)
        with open(self._path(name), 'ab') as log:
            self._began[name] = log.tell()
            self._running[name] = subprocess.Popen(
                argv, env={**self.environ, **(environ or {})},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)

    def stop(self, name, with_signal=signal.SIGTERM):
        """Stop a process.

        :param name: its name
        :param with_signal: the signal that tells it. SIGKILL is for its
            children, too, which nobody else would end
        """
        process = self._running.pop(name)
        if with_signal == signal.SIGKILL:
            os.killpg(process.pid, with_signal)
        else:
            process.send_signal(with_signal)
        try:
            process.wait(janitor.PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def pause(self, name, paused=True):
        """Let a process and its children stand still.

        :param name: its name
        :param paused: False to let them go on
        """
        os.killpg(self._running[name].pid,
                  signal.SIGSTOP if paused else signal.SIGCONT)

    def finish(self, name):
        """Wait until a process has done its work.

        :param name: its name
        :raises Broken: when it fails
        """
        process = self._running.pop(name)
        if process.wait(TIMEOUT):
            raise Broken(self._describe(name, process))

    def pid(self, name):
        """Tell the id of a process.

        :param name: its name
        :returns: its id
        """
        return self._running[name].pid

    def log(self, name):
        """Read what a process has written since it was started last.

        :param name: its name
        :returns: the text
        """
        with open(self._path(name), 'rb') as log:
            log.seek(self._began[name])
            return log.read().decode(errors='replace')

    def wait_for_log(self, name, words, times=1):
        """Wait until a process has written something.

        :param name: its name
        :param words: what it writes
        :param times: how often
        :raises Broken: when it takes too long, or a process has ended
        """
        self.wait_for('%s says "%s"' % (name, words),
                      lambda: self.log(name).count(words) >= times)

    def wait_for(self, what, condition, timeout=TIMEOUT):
        """Wait until something is so.

        :param what: says so, for the error
        :param condition: a function that returns what is true then
        :param timeout: seconds
        :returns: what the function returned
        :raises Broken: when it takes too long, or a process has ended
        """
        deadline = time.monotonic() + timeout
        while not (found := condition()):
            self.check()
            if time.monotonic() > deadline:
                raise Broken('Not within %d s: %s' % (timeout, what))
            time.sleep(0.2)
        return found

    def check(self):
        """Check that all processes run that were started.

        :raises Broken: when one does not
        """
        for name, process in self._running.items():
            ended = process.poll()
            if ended or (ended == 0 and name not in self._finishing):
                raise Broken(self._describe(name, process))

    def _describe(self, name, process):
        lines = self.log(name).splitlines()[-_LINES:]
        return '\n'.join(['%s ended with %d. Its log ends:' % (
            name, process.returncode), *lines])

    def _path(self, name):
        return self._folder / (name + '.log')
