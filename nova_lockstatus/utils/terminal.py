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

"""Escapes and colours text for a terminal, and shows progress on it."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

MAX_LENGTH = 300
"""How many characters of a text from outside are logged."""


STATUS_COLOURS = {'UP': 32, 'UNKNOWN': 33, 'DOWN': 31, 'MAINTENANCE': 36}
"""The colour of each host status, as ECMA-48 numbers them: green, yellow, red
and cyan."""


def has_colours(stream: TextIO) -> bool:
    """Tell whether text that is written to a stream may have colours.

    :returns: whether the stream is a terminal that knows colours, and the user
        has not set ``NO_COLOR``
    """
    return (stream.isatty() and not os.environ.get('NO_COLOR')
            and os.environ.get('TERM') != 'dumb')


def colour_status(status: str, text: str | None = None) -> str:
    """Colour a host status.

    :param text: to write instead, such as the status with spaces behind it
    """
    text = status if text is None else text
    colour = STATUS_COLOURS.get(status)
    return text if colour is None else '\x1b[%dm%s\x1b[0m' % (colour, text)


def escape(value: str | None) -> str:
    """Escape the characters of a value that do not print.

    Users write reasons and names: an escape sequence in one must not reach
    the reader's terminal, and a line end must not start a row.
    """
    if value is None:
        return ''
    if value.isprintable():
        return value
    return ''.join(
        character if character.isprintable()
        else character.encode('unicode_escape').decode()
        for character in value)


def one_line(value: object, max_length: int = MAX_LENGTH) -> str:
    """Escape and shorten a text from outside for a log or an error message.

    :param value: the text, or an exception
    """
    return shorten(str(value).strip(), max_length)


def shorten(text: str, max_length: int) -> str:
    """Escape a text from outside, and say where it is cut off."""
    shown = escape(text[:max_length])
    return shown + ' ...' if len(text) > max_length else shown


@contextlib.contextmanager
def progress_bar(title: str, total: int, app: Any
                 ) -> Iterator[Callable[[], None]]:
    """Show a progress bar on the standard error.

    It is shown if the standard error is a terminal, there is more than one
    step, and the user did not ask for ``--quiet``.

    :param title: what the steps are about, such as ``Servers``
    :returns: a function to call after each step
    """
    if total < 2 or not sys.stderr.isatty() or app.options.verbose_level < 1:
        yield lambda: None
        return
    # NOTE: it takes a while to import, and only newer releases of cliff bring
    # it along.
    try:
        from rich import console
        from rich import progress
    except ImportError:
        yield lambda: None
        return
    with progress.Progress(
        progress.TextColumn('{task.description}'),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        console=console.Console(stderr=True),
        transient=True,
    ) as shown:
        task = shown.add_task(title, total=total)
        yield lambda: shown.advance(task)
