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

"""Base classes of the commands, and the tables that they write."""

import argparse
import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cliff import columns as cliff_columns
from cliff import display
from osc_lib.command import command

from nova_lockstatus.osc.capabilities import Capabilities
from nova_lockstatus.osc.capabilities import Capability
from nova_lockstatus.osc.client import ComputeClient
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import terminal

HOST_STATUS = 'Host Status'
"""The title of the column that has colours on a terminal."""

# NOTE: the formats of cliff that programs read. A line of the format "value"
# is a row, so in it a line end would make another one.
_EXACT = frozenset({'csv', 'json', 'shell', 'yaml'})


def _printable(value: Any) -> Any:
    if isinstance(value, list):
        return [_printable(cell) for cell in value]
    return terminal.escape(value) if isinstance(value, str) else value


class _Command(display.DisplayCommandBase):
    """Escapes unprintable characters in the formats that people read."""

    @property
    def client(self) -> ComputeClient:
        """The compute API."""
        client: ComputeClient = self.app.client_manager.lockstatus
        return client

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str],
        data: Iterable[Any],
    ) -> int:
        if parsed_args.formatter not in _EXACT:
            data = [_printable(item) for item in data]
        code: int = super().produce_output(parsed_args, column_names, data)
        return code


class AgeColumn(cliff_columns.FormattableColumn):
    """A time: for people how long ago it is, for programs the time itself."""

    def human_readable(self) -> str:
        return duration.in_words(
            self._value, datetime.datetime.now(datetime.timezone.utc))

    def machine_readable(self) -> Any:
        return self._value


class _ColouredStatus(cliff_columns.FormattableColumn):
    """A host status that is sorted by its name, and not by its colour."""

    def human_readable(self) -> str:
        return terminal.colour_status(terminal.escape(self._value))


class Lister(_Command, command.Lister):
    """A command that writes a row for each of many things.

    On a terminal, host statuses have colours.
    """

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str],
        data: Iterable[Any],
    ) -> int:
        if HOST_STATUS in column_names and self._has_colours(parsed_args):
            place = list(column_names).index(HOST_STATUS)
            data = [[_ColouredStatus(cell)
                     if here == place and isinstance(cell, str) else cell
                     for here, cell in enumerate(row)] for row in data]
        code: int = super().produce_output(parsed_args, column_names, data)
        return code

    def _has_colours(self, parsed_args: argparse.Namespace) -> bool:
        # NOTE: where cliff breaks lines, it would break an escape sequence.
        return bool(
            parsed_args.formatter == 'table'
            and not parsed_args.max_width and not parsed_args.fit_width
            and terminal.has_colours(self.app.stdout))


class ShowOne(_Command, command.ShowOne):
    """A command that writes the fields of one thing."""


Table = tuple[list[str], list[list[Any]]]
"""Headings and cells, as cliff's Lister takes them."""


class Column(NamedTuple):
    """A column of a table.

    :param key: of the value in a row
    :param capability: the feature without which no row has the key
    :param kind: of its cells, where people and programs get other texts
    """

    title: str
    key: str
    capability: Capability | None = None
    kind: type[cliff_columns.FormattableColumn] | None = None

    def cell(self, row: Mapping[str, Any]) -> Any:
        """Return what the column has in a row, None where it has nothing."""
        value = row.get(self.key)
        return value if value is None or not self.kind else self.kind(value)


def make_table(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    capabilities: Capabilities,
) -> Table:
    """Make a table of the columns that the cloud has values for.

    A column is left out if no row has its key. Without rows, the cloud's
    capabilities decide.

    :returns: headings and cells, for cliff's Lister
    """
    if rows:
        shown = [column for column in columns
                 if any(column.key in row for row in rows)]
    else:
        shown = [column for column in columns
                 if column.capability is None
                 or capabilities.supports(column.capability)]
    return ([column.title for column in shown],
            [[column.cell(row) for column in shown] for row in rows])
