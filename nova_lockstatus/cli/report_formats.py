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

"""The formats of the report: each writes the servers as they are read."""

import abc
import csv
import datetime
import json
import unicodedata
from collections.abc import Sequence
from typing import TextIO

from nova_lockstatus.core import locked_server
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import terminal


class Writer(abc.ABC):
    """Writes one report."""

    def __init__(self, stream: TextIO, columns: Sequence[str]) -> None:
        self._stream = stream
        self._columns = columns

    @abc.abstractmethod
    def write(self, servers: Sequence[locked_server.LockedServer]) -> None:
        """Write some more servers."""

    @abc.abstractmethod
    def close(self) -> None:
        """Write what follows the last server."""


class Table(Writer):
    """A table for people.

    The first servers decide how wide its columns are. A longer value later on
    is not cut off: it moves the rest of its line to the right. Ages are in
    words, and on a terminal the host statuses have colours.
    """

    def __init__(self, stream: TextIO, columns: Sequence[str]) -> None:
        super().__init__(stream, columns)
        self._widths: list[int] = []
        self._now = datetime.datetime.now(datetime.timezone.utc)
        self._has_colours = terminal.has_colours(stream)

    def write(self, servers: Sequence[locked_server.LockedServer]) -> None:
        rows = [[self._text(column, getattr(server, column))
                 for column in self._columns] for server in servers]
        if not self._widths:
            self._widths = [
                max(map(width, values))
                for values in zip(self._columns, *rows, strict=True)]
            self._rule()
            self._line(self._columns)
            self._rule()
        for row in rows:
            self._line(row)

    def close(self) -> None:
        if not self._widths:
            self.write(())
        self._rule()

    def _text(self, column: str, value: str | bool | None) -> str:
        if isinstance(value, bool):
            return 'yes' if value else ''
        if column == 'locked_at' and value:
            return duration.in_words(value, self._now)
        return terminal.escape(value)

    def _line(self, values: Sequence[str]) -> None:
        self._stream.write('| %s |\n' % ' | '.join(map(
            self._cell, self._columns, values, self._widths)))

    def _cell(self, column: str, value: str, wanted: int) -> str:
        cell = value + ' ' * (wanted - width(value))
        if column == 'host_status' and self._has_colours:
            return terminal.colour_status(value, cell)
        return cell

    def _rule(self) -> None:
        self._stream.write('+%s+\n' % '+'.join(
            '-' * (wanted + 2) for wanted in self._widths))


class Json(Writer):
    """A JSON array with an object for each server, which has a line."""

    _before = '[\n'

    def write(self, servers: Sequence[locked_server.LockedServer]) -> None:
        for server in servers:
            self._stream.write(self._before)
            self._before = ',\n'
            self._stream.write(json.dumps(
                {column: getattr(server, column)
                 for column in self._columns}))

    def close(self) -> None:
        self._stream.write('[]\n' if self._before == '[\n' else '\n]\n')


class Csv(Writer):
    """Comma separated values, with the names of the columns on top."""

    def __init__(self, stream: TextIO, columns: Sequence[str]) -> None:
        super().__init__(stream, columns)
        self._writer = csv.writer(stream, lineterminator='\n')
        self._writer.writerow(columns)

    def write(self, servers: Sequence[locked_server.LockedServer]) -> None:
        self._writer.writerows(
            [_csv_value(getattr(server, column)) for column in self._columns]
            for server in servers)

    def close(self) -> None:
        pass


def _csv_value(value: str | bool | None) -> str | None:
    # As JSON has them.
    return str(value).lower() if isinstance(value, bool) else value


FORMATS: dict[str, type[Writer]] = {'table': Table, 'json': Json, 'csv': Csv}


def width(text: str) -> int:
    """Count the columns of a terminal that a text takes.

    :returns: the number, with two for a wide character of East Asia
    """
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(character)
               else 2 if unicodedata.east_asian_width(character) in 'WF'
               else 1 for character in text)
