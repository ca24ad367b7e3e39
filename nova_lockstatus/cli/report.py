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

"""``nova-lockstatus report``."""

import argparse
import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from cliff import command

from nova_lockstatus import exception
from nova_lockstatus.cli import nova_config
from nova_lockstatus.cli import report_formats
from nova_lockstatus.core import locked_server
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import logs
from nova_lockstatus.utils import terminal
from nova_lockstatus.utils.prefetch import prefetch

LOG = logs.logger(__name__)

T = TypeVar('T')


class Report(command.Command):
    """List the locked servers of all cells.

    The report is written while Nova's databases are being read, which takes
    the same memory for any number of servers. If a terminal shows the standard
    error but not the report, it also shows how far the report is.

    A cell that does not answer is named on the standard error, and the others
    are reported; the exit code is 1 then. A report without a server is
    explained there, too: no server is locked, or none has the project or the
    host that was named.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        nova_config.add_arguments(parser)
        self._add_filters(parser)
        parser.add_argument(
            '-f', '--format', choices=sorted(report_formats.FORMATS),
            default='table', help='How to write it. Default: table.')
        parser.add_argument(
            '-c', '--column', metavar='<column>', action='append',
            choices=locked_server.COLUMNS,
            help='A column to write. Can be given several times. Default: all '
            'of %s.' % ', '.join(locked_server.COLUMNS))
        parser.add_argument(
            '--cell-timeout', metavar='<seconds>', type=_seconds, default=60.0,
            help='How long to wait for an answer of the database of a cell. '
            'Default: 60.')
        return parser

    def _add_filters(self, parser: argparse.ArgumentParser) -> None:
        filters = parser.add_argument_group('filters, which must all fit')
        filters.add_argument('--project', metavar='<id>',
                             help='Servers of the project with this id.')
        filters.add_argument('--host', metavar='<host>',
                             help='Servers on this host.')
        filters.add_argument(
            '--locked-by', choices=('owner', 'admin'),
            help='Servers that somebody in their own project has locked '
            '(owner), or somebody in another one (admin).')
        filters.add_argument(
            '--older-than', metavar='<age>', type=duration.parse,
            help='Servers that have been locked for so long, such as 30d: a '
            'number and m, h, d or w.')
        filters.add_argument(
            '--reason-matches', metavar='<regex>', type=_expression,
            help='Servers with a reason in which this regular expression is '
            'found.')
        filters.add_argument(
            '--expired', action='store_true',
            help='Servers whose lock is past its end and stays in force.')

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        nova_config.silence_libraries(self.app.options.debug)
        nova_config.load(parsed_args.config_file, parsed_args.config_dir)
        filters = locked_server.LockedServerFilter(
            parsed_args.project, parsed_args.host, parsed_args.locked_by,
            parsed_args.older_than, parsed_args.reason_matches,
            parsed_args.expired)
        writer = report_formats.FORMATS[parsed_args.format](
            self.app.stdout, parsed_args.column or locked_server.COLUMNS)
        reader = _CellReader(filters, parsed_args.cell_timeout,
                             self.app.options.debug)
        total = reader.count() if self._is_watched() else 0
        try:
            with terminal.progress_bar(
                    'Locked servers', total, self.app) as advance:
                found = _write(reader, filters, writer, advance)
            self.app.stdout.flush()
        except BrokenPipeError:
            nova_config.discard_output()
            raise
        if not found and not reader.failed:
            LOG.warning('The report is empty. %s', _explain(reader, filters))
        return 1 if reader.failed else 0

    def _is_watched(self) -> bool:
        # On the terminal that shows the report, a bar would be among the rows.
        return self.app.stderr.isatty() and not self.app.stdout.isatty()


class _CellReader:
    """Reads the locked servers of one cell after the other.

    :param timeout: seconds to wait for each answer of a database
    """

    def __init__(self, filters: locked_server.LockedServerFilter,
                 timeout: float, debug: bool) -> None:
        try:
            from nova_lockstatus.gateway import cells
            from nova_lockstatus.gateway import locked_servers
            from nova_lockstatus.gateway import requirements
        except ImportError as error:
            raise exception.NovaNotUsable(
                reason=nova_config.one_line(error)) from error
        requirements.check(locked_servers.RELIES_ON)
        self._gateway = locked_servers
        self._cell_label = cells.label
        self._filters = filters
        self._timeout = timeout
        self._debug = debug
        self.failed: set[str] = set()
        try:
            self._cells, = prefetch(lambda: [cells.list_all()], timeout)
        except Exception as error:
            raise exception.CellsUnread(
                reason=nova_config.one_line(error)) from error

    def count(self) -> int:
        """Count the servers that the databases find."""
        return sum(number for cell in self._cells for number in self._read(
            cell, lambda *args: [self._gateway.count(*args)]))

    def pages(self) -> Iterator[list[locked_server.LockedServer]]:
        """Read the servers that the databases find, page by page."""
        for cell in self._cells:
            yield from self._read(cell, self._gateway.read)

    def has_server(self, project_id: str | None = None,
                   host: str | None = None) -> bool:
        """Tell whether any cell has a server of a project or on a host."""
        filters = locked_server.LockedServerFilter(project_id, host)
        return any(found for cell in self._cells for found in self._read(
            cell, lambda cell, _filters: [
                self._gateway.has_server(cell, filters)]))

    def _read(
        self, cell: Any,
        read: Callable[[Any, locked_server.LockedServerFilter], Iterable[T]],
    ) -> Iterator[T]:
        """Read from a cell, unless it has failed before."""
        if cell.uuid in self.failed:
            return
        try:
            yield from prefetch(lambda: read(cell, self._filters),
                                self._timeout)
        except Exception as error:
            self.failed.add(cell.uuid)
            LOG.error('The report lacks servers of the cell %s, which cannot '
                      'be read: %s.', self._cell_label(cell),
                      nova_config.one_line(error), exc_info=self._debug)


def _write(reader: _CellReader, filters: locked_server.LockedServerFilter,
           writer: report_formats.Writer, advance: Callable[[], None]) -> bool:
    """Write the report, and tell whether it has a server."""
    found = False
    now = datetime.datetime.now(datetime.timezone.utc)
    for page in reader.pages():
        chosen = [server for server in page if filters.passes(server, now)]
        if chosen:
            found = True
            writer.write(chosen)
        for _ in page:
            advance()
    writer.close()
    return found


def _explain(reader: _CellReader, filters: locked_server.LockedServerFilter
             ) -> str:
    """Say why a report has no server. Keystone is not asked."""
    if filters.project_id is not None and not reader.has_server(
            project_id=filters.project_id):
        return ("No cell has a server of the project '%s'. Is that the id of "
                'a project?' % filters.project_id)
    if filters.host is not None and not reader.has_server(host=filters.host):
        return "No cell has a server on the host '%s'." % filters.host
    if filters == locked_server.LockedServerFilter():
        return 'No server is locked.'
    return 'No locked server fits the filters.'


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(
            "'%s' is no regular expression: %s" % (text, error)) from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 86400:
        raise argparse.ArgumentTypeError(
            "'%s' is no number of seconds above 0" % text)
    return seconds
