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

"""Shows what a command would change, and asks whether to change it."""

from __future__ import annotations

import difflib
from typing import Any

from nova_lockstatus import exception
from nova_lockstatus.cli import nova_config
from nova_lockstatus.cli.api_paste import ini_text


def show(app: Any, text: str) -> None:
    """Print a text on the standard output, before a question is asked.

    :param app: the application of cliff
    :param text: the text
    :raises BrokenPipeError: when nobody reads it
    """
    # Flushed, as the question goes to the other stream. Where the reader of
    # the difference has gone, everything is left as it is.
    try:
        app.stdout.write(text)
        app.stdout.flush()
    except BrokenPipeError:
        nova_config.discard_output()
        raise


def ask(app: Any, question: str, path: str) -> bool:
    """Ask a question that is answered with yes or no.

    :param app: the application of cliff
    :param question: the question
    :param path: what would be changed
    :raises NoTerminal: when nobody can answer
    """
    return ask_text(app, '%s [y/N] ' % question, path).lower() in ('y', 'yes')


def ask_text(app: Any, question: str, path: str) -> str:
    """Ask for a line.

    :param app: the application of cliff
    :param question: the question, with what separates it from the answer
    :param path: what would be changed
    :raises NoTerminal: when nobody can answer
    """
    if not app.stdin.isatty():
        raise exception.NoTerminal(path=path)
    app.stderr.write(question)
    app.stderr.flush()
    return str(app.stdin.readline().strip())


def difference(path: str, before: str, after: str, context: int = 3) -> str:
    """Return the unified difference between two texts of a file.

    :param path: the path of the file
    :param before: the text that it has
    :param after: the text that it would have
    :param context: how many lines around a change are shown
    :returns: the lines as diff prints them, all with the same line end
    """
    lines: list[str] = []
    for line in difflib.unified_diff(
            [line for _, line in ini_text.lines(before)],
            [line for _, line in ini_text.lines(after)],
            path, path, lineterm='\n', n=context):
        bare = line.rstrip('\r\n')
        lines.append(bare)
        if bare == line:
            lines.append('\\ No newline at end of file')
    return ''.join(line + '\n' for line in lines)
