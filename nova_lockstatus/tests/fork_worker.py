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

"""Runs programs, each in a process of its own: a real shell, real threads.

What they import is loaded once, and each call gets a fork. So a test that
makes many calls does not wait for as many starts of Python.
"""

import importlib.metadata
import json
import os
import pty
import signal
import socket
import sys
import tempfile
import threading

TIMEOUT = 120


def run(call):
    """Make one call, in this process.

    :param call: the name of a console script in ``program`` and its ``argv``,
        or the source of a program in ``python``
    :returns: the exit code
    """
    if call.get('python'):
        exec(call['python'], {})
        return 0
    script, = importlib.metadata.entry_points(
        group='console_scripts', name=call['program'])
    sys.argv = [call['program'], *call['argv']]
    try:
        return script.load()() or 0
    except SystemExit as exc:
        return exc.code or 0


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
        os.environ.update(call.get('env', {}))
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


def main(port, name, load):
    """Make calls until nobody is there who wants any.

    :param port: where they come from, at 127.0.0.1
    :param name: of a program
    :param load: the source that imports what the calls will need
    """
    # NOTE: cliff takes the program's name when it is imported.
    sys.argv[0] = name
    exec(load, {})
    with socket.create_connection(('127.0.0.1', port)) as connection:
        with connection.makefile('rw', encoding='utf-8') as lines:
            for line in lines:
                lines.write(json.dumps(fork(json.loads(line))) + '\n')
                lines.flush()


if __name__ == '__main__':
    main(int(sys.argv[1]), *sys.argv[2:])
