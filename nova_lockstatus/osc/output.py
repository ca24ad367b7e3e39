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

"""How the commands write what others chose, such as the reason of a lock."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from osc_lib.command import command

from nova_lockstatus.osc import capabilities
from nova_lockstatus.utils import terminal

# NOTE: the formats of cliff that programs read. A line of the format "value"
# is a row, so in it a line end would make another one.
_EXACT = frozenset({'csv', 'json', 'shell', 'yaml'})


def _written(args: argparse.Namespace, cells: Iterable[Any]) -> list[Any]:
    if args.formatter in _EXACT:
        return list(cells)
    return [terminal.visible(cell) if isinstance(cell, str) else cell
            for cell in cells]


class Lister(command.Lister):
    """A command that lists, and writes only what prints."""

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str],
        data: Iterable[Iterable[Any]],
    ) -> int:
        """Write the rows.

        :param parsed_args: the arguments
        :param column_names: the heads
        :param data: the rows
        :returns: the exit code
        """
        code: int = super().produce_output(
            parsed_args, column_names,
            [_written(parsed_args, row) for row in data])
        return code


class ShowOne(command.ShowOne):
    """A command that shows one thing, and writes only what prints."""

    def produce_output(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str],
        data: Iterable[Any],
    ) -> int:
        """Write the values.

        :param parsed_args: the arguments
        :param column_names: their names
        :param data: the values
        :returns: the exit code
        """
        code: int = super().produce_output(
            parsed_args, column_names, _written(parsed_args, data))
        return code


class Column(NamedTuple):
    """A column.

    :param title: its head
    :param key: of the value in a row
    :param capability: without which no cloud has the key
    """

    title: str
    key: str
    capability: capabilities.Capability | None = None


def choose_columns(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    offer: capabilities.Capabilities,
) -> list[Column]:
    """Leave out the columns that the cloud gives nothing for.

    :param columns: those that could be
    :param rows: what the cloud gave
    :param offer: what it gives in general, which counts if there are no rows
    :returns: those that at least one row has the key of
    """
    if rows:
        return [column for column in columns
                if any(column.key in row for row in rows)]
    return [column for column in columns
            if column.capability is None or offer.gives(column.capability)]


def lay_out(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    offer: capabilities.Capabilities,
) -> tuple[list[str], list[list[Any]]]:
    """Make a table.

    :param columns: those that could be
    :param rows: what the cloud gave
    :param offer: what it gives in general
    :returns: heads and cells, as cliff's Lister wants them
    """
    chosen = choose_columns(columns, rows, offer)
    return ([column.title for column in chosen],
            [[row.get(column.key) for column in chosen] for row in rows])
