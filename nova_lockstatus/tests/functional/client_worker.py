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

"""Runs clients, each in a process of its own: a real shell, real threads.

The clients are loaded once, and each call gets a fork. So a test that makes
many calls does not wait for as many starts of Python.
"""

import importlib
import json
import os
import pty
import signal
import socket
import sys
import tempfile
import threading

CLIENTS = ('novaclient.client', 'openstack', 'openstackclient.shell')

TIMEOUT = 120


def run(call):
    """Make one call, in this process.

    :param call: ``argv`` of the OpenStackClient, or the source of a program
        in ``python``
    :returns: the exit code
    """
    if call.get('python'):
        exec(call['python'], {})
        return 0
    try:
        return sys.modules['openstackclient.shell'].main(call['argv'])
    except SystemExit as exc:
        return exc.code


def child(call, out, err):
    """Make one call and end the process.

    :param call: what to run
    :param out: the descriptor of its standard output
    :param err: the descriptor of its standard error
    """
    code = 70
    try:
        signal.alarm(TIMEOUT)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.environ.update(call['env'])
        code = run(call)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def drain(terminal, target):
    """Copy what is written to a terminal until nobody has it open."""
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            return
        if not data:
            return
        target.write(data)


def fork(call):
    """Make one call in a process of its own.

    :param call: what to run; with ``terminal``, its standard error is one
    :returns: its exit code and what it wrote
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        terminal, end = pty.openpty() if call.get('terminal') else (None, None)
        process = os.fork()
        if process == 0:
            child(call, out.fileno(), err.fileno() if end is None else end)
        if terminal is not None and end is not None:
            os.close(end)
            reader = threading.Thread(target=drain, args=(terminal, err))
            reader.start()
            reader.join()
            os.close(terminal)
        _, status = os.waitpid(process, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return {'code': os.waitstatus_to_exitcode(status),
            'out': texts[0], 'err': texts[1]}


def main(port):
    # NOTE: cliff takes the program's name when it is imported.
    sys.argv[0] = 'openstack'
    for name in CLIENTS:
        importlib.import_module(name)
    with socket.create_connection(('127.0.0.1', port)) as connection:
        with connection.makefile('rw', encoding='utf-8') as lines:
            for line in lines:
                lines.write(json.dumps(fork(json.loads(line))) + '\n')
                lines.flush()


if __name__ == '__main__':
    main(int(sys.argv[1]))
