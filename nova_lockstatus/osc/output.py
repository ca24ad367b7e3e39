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
from collections.abc import Iterable, Sequence
from typing import Any

from osc_lib.command import command

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
