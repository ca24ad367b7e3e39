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

"""Runs ``nova-lockstatus`` in the process of a test."""

import contextlib
import dataclasses
import io
import logging
import pathlib
import re
import shlex

from nova_lockstatus.cli import main


@dataclasses.dataclass
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """What somebody types, and not what a program pipes in."""

    def isatty(self) -> bool:
        return True


def run(*arguments: str, stdin: io.StringIO | None = None) -> Done:
    """Run a command.

    :param arguments: what follows ``nova-lockstatus``
    :param stdin: what the command can read; nothing, and no terminal, if None
    :returns: how it ended
    """
    out, err = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main.LockStatusApp(
                stdin=stdin or io.StringIO(), stdout=out, stderr=err,
            ).run(list(arguments))
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        # cliff adds one for the console, each time.
        root.handlers = handlers
        root.setLevel(level)
    return Done(code, out.getvalue(), err.getvalue())


def documented(program):
    """Find how the documentation calls a program.

    :param program: its name
    :returns: the words of each call, with the program's name first
    """
    top = pathlib.Path(__file__).parents[2]
    return [
        shlex.split(line, comments=True)
        for page in (top / 'README.rst',
                     *sorted((top / 'doc' / 'source').rglob('*.rst')))
        for line in re.findall(r'(?m)^ +[#$] (?:/\S*/)?(%s (?:.*\\\n)*.*)$'
                               % program, page.read_text())]
