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

"""The base of openstack lock set and openstack lock unset."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from nova_lockstatus.osc import bulk
from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import error
from nova_lockstatus.osc import output
from nova_lockstatus.osc import server_filter
from nova_lockstatus.osc.client import Server
from nova_lockstatus.utils import terminal

_COLUMNS = ['ID', 'Name', 'Result', 'Error']


class Row(NamedTuple):
    """A server in the output.

    :param id: empty if the server is not found
    :param name: its name, or what the user called it
    :param failure: why it cannot be or was not changed
    """

    id: str
    name: str
    failure: Exception | None = None


def _unique(rows: Sequence[Row]) -> list[Row]:
    """Drop the second row of a server that was named twice."""
    return list({row.id or '?' + row.name: row for row in rows}.values())


class ChangeLocks(bulk.NamedServers):
    """Runs one server action on each of many servers."""

    done = ''
    """The state of a server after the action, such as ``locked``."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'servers', metavar='<server>', nargs='*',
            help='The servers, by name or id; or choose them by project, '
                 'host or tag')
        server_filter.add_arguments(parser)
        parser.add_argument(
            '--dry-run', action='store_true',
            help='Show which servers it would be, and change nothing')
        bulk.add_argument(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> output.Table:
        self.check(args)
        rows = _unique(self._find_rows(args))
        if not args.dry_run:
            rows = self._change(rows, args)
        self.report_failures(sum(1 for row in rows if row.failure), len(rows),
                             'could not be ' + self.done)
        good = ('would be ' if args.dry_run else '') + self.done
        return _COLUMNS, [
            [row.id, row.name, 'failed' if row.failure else good,
             str(row.failure or '')] for row in rows]

    def check(self, args: argparse.Namespace) -> None:
        """Refuse arguments that cannot be carried out."""
        narrowed = args.project or args.host or args.tags
        if args.servers and narrowed:
            raise error.CommandError(
                'Name the servers, or choose them with --project, --host and '
                '--tag, but not both.')
        if not args.servers and not narrowed:
            raise error.CommandError(
                'Name the servers, or choose them with --project, --host or '
                '--tag.')

    def body(self, args: argparse.Namespace) -> dict[str, Any]:
        """Return the body of the server action."""
        raise NotImplementedError

    def needed(self, args: argparse.Namespace
               ) -> list[capabilities.Capability]:
        """Return the features that the requests use."""
        return []

    def blocked_reason(
        self, server: Server, args: argparse.Namespace,
    ) -> str | None:
        """Return why Nova would accept the action and change nothing.

        :returns: None if the action takes effect
        """
        return None

    def select(self, args: argparse.Namespace) -> Iterable[Server]:
        """List the servers that the options select.

        :raises error.CommandError: when the cloud refuses it or does not
            support an option
        """
        return server_filter.list_servers(
            self.client, server_filter.from_args(args, self.client),
            *self.needed(args))

    def _find_rows(self, args: argparse.Namespace) -> list[Row]:
        if not args.servers:
            return [self._row(server, args) for server in self.select(args)]
        microversion = self.client.capabilities.microversion_for(
            *self.needed(args))
        return [self._row(outcome.result, args) if outcome.result
                else Row('', outcome.item, outcome.failure)
                for outcome in self.find(args, microversion)]

    def _row(self, server: Server, args: argparse.Namespace) -> Row:
        reason = self.blocked_reason(server, args)
        # NOTE: Nova has no name of a server in a cell that is down.
        return Row(server['id'], server.get('name', ''),
                   error.CommandError(reason) if reason else None)

    def _change(
        self, rows: Sequence[Row], args: argparse.Namespace,
    ) -> list[Row]:
        client = self.client
        body = self.body(args)
        microversion = client.capabilities.microversion_for(*self.needed(args))

        def change(row: Row) -> None:
            if row.failure:
                raise row.failure
            client.act(row.id, body, microversion)

        with terminal.progress_bar('Locks', len(rows), self.app) as on_done:
            outcomes = bulk.run_each(change, rows, args.parallel, on_done)
        return [outcome.item._replace(failure=outcome.failure)
                for outcome in outcomes]
