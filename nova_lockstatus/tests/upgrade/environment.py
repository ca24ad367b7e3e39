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

"""Environments of Python, each with one release of Nova and the plugin."""

import contextlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

RELEASES = os.environ.get('NOVA_LOCKSTATUS_UPGRADE', '33 34').split()
"""The releases of Nova that a cloud is upgraded through."""

TOP = pathlib.Path(__file__).parents[3]

FOLDER = pathlib.Path(os.environ.get('NOVA_LOCKSTATUS_UPGRADE_ENVIRONMENTS')
                      or TOP / '.tox' / 'releases')
"""Where the environments are, or are to be made: one is called nova33."""

# Runs a program as if the plugin were not installed.
_WITHOUT_PLUGIN = """\
import runpy, sys
sys.modules['nova_lockstatus'] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""

# Runs commands of nova-manage one after the other, and imports Nova once.
_MANAGE = """\
import json, os, sys
from nova.cmd import manage
codes = []
for sys.argv[1:] in json.loads(sys.argv[1]):
    child = os.fork()
    if not child:
        sys.exit(manage.main())
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(codes))
"""


def find(release):
    """Find the environment of a release, or make it.

    :param release: the first part of its version
    :returns: the Environment
    :raises RuntimeError: when it cannot be made
    """
    if importlib.metadata.version('nova').split('.')[0] == release:
        return Environment(pathlib.Path(sys.executable).parent)
    folder = FOLDER / ('nova' + release)
    # NOTE: what stopped half-way is made anew.
    if not (folder / 'bin' / 'nova-lockstatus-status').exists():
        _make(folder, release)
    return Environment(folder / 'bin')


def _make(folder, release):
    for command in (
            [sys.executable, '-m', 'venv', '--clear', folder],
            [folder / 'bin' / 'python', '-m', 'pip', 'install', '--quiet',
             '-c', TOP / 'constraints' / ('nova-%s.txt' % release),
             '-r', TOP / 'test-requirements.txt',
             '-e', '%s[nova,server]' % TOP]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError('There is no environment with Nova %s: %s'
                               % (release, done.stderr))


class Environment:
    """An environment of Python.

    :param path: where its programs are
    """

    def __init__(self, path):
        self._path = path
        self.paste = path.parent / 'etc' / 'nova' / 'api-paste.ini'

    def _command(self, program, plugin):
        return [self._path / 'python', '-W', 'ignore', *(
            () if plugin else ('-c', _WITHOUT_PLUGIN)), program]

    def run(self, program, *arguments, plugin=True):
        """Run a program.

        :param program: its name
        :param arguments: the arguments
        :param plugin: whether the plugin is installed
        :returns: the subprocess.CompletedProcess
        """
        return subprocess.run(
            [*self._command(self._path / program, plugin), *arguments],
            capture_output=True, text=True, timeout=600, env=_environ(
                OS_NOVA_DISABLE_EVENTLET_PATCHING='true'))

    def manage(self, commands, plugin=True):
        """Run nova-manage.

        :param commands: the arguments of each run
        :param plugin: whether the plugin is installed
        :raises RuntimeError: when one does not end well
        """
        with tempfile.NamedTemporaryFile('w') as program:
            program.write(_MANAGE)
            program.flush()
            done = subprocess.run(
                [*self._command(program.name, plugin), json.dumps(commands)],
                capture_output=True, text=True, env=_environ(
                    OS_NOVA_DISABLE_EVENTLET_PATCHING='true'))
        lines = done.stdout.splitlines()
        # NOTE: archive_deleted_rows ends with 1 where there were some.
        if done.returncode or any(
                code > ('archive_deleted_rows' in words) for code, words
                in zip(json.loads(lines[-1]), commands)):
            raise RuntimeError('%s: %s%s' % (commands, done.stdout,
                                             done.stderr))

    @contextlib.contextmanager
    def start_nova(self, config, plugin=True):
        """Run Nova until the context ends.

        :param config: the path of the nova.conf
        :param plugin: whether the plugin is installed
        :returns: a function that sends a call and returns the answer
        :raises RuntimeError: when Nova ends by itself, or with an error
        """
        program = pathlib.Path(__file__).with_name('nova_process.py')
        with tempfile.TemporaryFile('w+') as errors, subprocess.Popen(
                [*self._command(program, plugin), config], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=_environ()) as process:

            def read():
                line = process.stdout.readline()
                if not line:
                    raise _ended(errors)
                return json.loads(line)

            def send(call):
                process.stdin.write(json.dumps(call) + '\n')
                process.stdin.flush()
                return read()

            assert read() == 'ready'
            yield send
            process.stdin.close()
            if process.wait(timeout=120):
                raise _ended(errors)

    @contextlib.contextmanager
    def start_watch(self, config):
        """Run nova-lockstatus-watch until the context ends.

        :param config: the path of the nova.conf
        :raises RuntimeError: when it ends by itself, or with an error
        """
        with tempfile.TemporaryFile('w+') as log, subprocess.Popen(
                [*self._command(self._path / 'nova-lockstatus-watch', True),
                 '--config-file', config], env=_environ(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
            try:
                while 'nova-lockstatus-watch is running' not in _read(log):
                    if process.poll() is not None:
                        raise _ended(log)
                    time.sleep(0.2)
                yield
            finally:
                process.terminate()
            if process.wait(timeout=60):
                raise _ended(log)


def _read(file):
    file.seek(0)
    return file.read()


def _ended(errors):
    return RuntimeError('It ended:\n' + _read(errors))


def _environ(**more):
    # NOTE: those that test runners set would count for Nova's own fixtures.
    return {name: value for name, value in os.environ.items()
            if not name.startswith('OS_')} | more
