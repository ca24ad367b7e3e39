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

"""Removes all that a cloud was made of, however its owner ended.

A process of its own, which the owner starts first and holds by its standard
input. When that ends, because the owner closed it, was interrupted or was
killed, this ends the cloud's processes and removes its schemas, its virtual
hosts and its folder. It knows the processes by their logs, which are in the
folder, and all else by the cloud's name.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time

import psutil

from nova_lockstatus.tests.integration.cloud import engines

PATIENCE = 10
"""Seconds that a process has to end by itself."""


class Janitor:
    """The process, seen by its owner.

    :param name: of the cloud
    :param folder: of the cloud
    """

    def __init__(self, name, folder):
        # Not of the terminal's group: Ctrl-C is not meant for it.
        self._process = subprocess.Popen(
            [sys.executable, '-m', __name__, name, folder],
            stdin=subprocess.PIPE, start_new_session=True)

    def work(self):
        """Have it remove the cloud, and wait until it has.

        :raises RuntimeError: when something is left
        """
        self._process.stdin.close()
        if self._process.wait():
            raise RuntimeError('The cloud is not removed, see above.')


def end_processes(folder):
    """End all processes of a cloud, those that others of them started too.

    :param folder: of the cloud
    :raises RuntimeError: when one is left
    """
    for tell in (psutil.Process.terminate, psutil.Process.kill):
        deadline = time.monotonic() + PATIENCE
        told = set()
        while (found := _parts(folder)) and time.monotonic() < deadline:
            for process in found - told:
                with contextlib.suppress(psutil.NoSuchProcess):
                    tell(process)
            told |= found
            time.sleep(0.2)
    if found:
        raise RuntimeError('Not ended: %s' % found)


def _parts(folder):
    return {process for process in psutil.process_iter()
            if _is_part(process, folder)}


def _is_part(process, folder):
    # NOTE: neither its environment nor its command line says it: both are
    # overwritten where a process gives itself a title.
    try:
        return any(opened.path.startswith(folder + os.sep)
                   for opened in process.open_files())
    except (psutil.Error, OSError):
        # It ended, or is another user's.
        return False


def main(name, folder):
    """Wait for the end of the owner, and remove its cloud.

    :param name: of the cloud
    :param folder: of the cloud
    """
    sys.stdin.read()
    with contextlib.ExitStack() as rest:
        rest.callback(shutil.rmtree, folder, ignore_errors=True)
        rest.callback(engines.remove, name)
        end_processes(folder)


if __name__ == '__main__':
    main(*sys.argv[1:])
