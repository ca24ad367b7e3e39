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

"""What openstack lock set and openstack lock unset have in common."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from nova_lockstatus.osc import bulk
from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import client
from nova_lockstatus.osc import error
from nova_lockstatus.osc import server_filter
from nova_lockstatus.utils import terminal

_COLUMNS = ['ID', 'Name', 'Result', 'Error']


class Row(NamedTuple):
    """A server, and what became of it.

    :param id: its id, empty if it is not known
    :param name: its name, or what the user called it
    :param failure: why nothing can be or was done to it
    """

    id: str
    name: str
    failure: Exception | None = None


def _unique(rows: Sequence[Row]) -> list[Row]:
    """Take a server once that was named twice."""
    return list({row.id or '?' + row.name: row for row in rows}.values())


class ChangeLocks(bulk.NamedServers):
    """What both commands do: find the servers, and call the API for each."""

    done = ''
    """What has become of a server."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the arguments.

        :param prog_name: the command's name
        :returns: its parser
        """
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

    def take_action(
        self, args: argparse.Namespace,
    ) -> tuple[list[str], list[list[str]]]:
        """Change the locks.

        :param args: the arguments
        :returns: heads, and a row for each server
        :raises error.CommandError: when nothing can be done at all
        """
        cloud: client.ComputeClient = self.app.client_manager.lockstatus
        self.check(args, cloud.offer)
        rows = _unique(self._named(cloud, args) if args.servers
                       else [self._row(server, cloud, args)
                             for server in self.select(cloud, args)])
        if not args.dry_run:
            rows = self._change(cloud, rows, args)
        self.count_failed(sum(1 for row in rows if row.failure), len(rows),
                          'could not be ' + self.done)
        good = ('would be ' if args.dry_run else '') + self.done
        return _COLUMNS, [
            [row.id, row.name, 'failed' if row.failure else good,
             str(row.failure or '')] for row in rows]

    def check(self, args: argparse.Namespace, offer: capabilities.Capabilities
              ) -> None:
        """Refuse what cannot be done, before anything is.

        :param args: the arguments
        :param offer: what the cloud offers
        :raises error.CommandError: when it cannot be done
        """
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
        """Return the call's body.

        :param args: the arguments
        :returns: the action, as the API names it
        """
        raise NotImplementedError

    def wanted(self, args: argparse.Namespace
               ) -> list[capabilities.Capability]:
        """Return what the calls need.

        :param args: the arguments
        :returns: what the microversion is chosen for
        """
        return []

    def blocked_reason(
        self, server: client.Server, cloud: client.ComputeClient,
        args: argparse.Namespace,
    ) -> str | None:
        """Return why a call would do nothing, though the cloud accepts it.

        :param server: as the cloud shows it
        :param cloud: the cloud
        :param args: the arguments
        :returns: the reason, None if there is none
        """
        return None

    def select(
        self, cloud: client.ComputeClient, args: argparse.Namespace,
    ) -> Iterable[client.Server]:
        """List the servers that the options choose.

        :param cloud: the cloud
        :param args: the arguments
        :returns: the servers
        :raises error.CommandError: when the cloud cannot tell or refuses it
        """
        return server_filter.servers(
            cloud, server_filter.read(args, cloud), *self.wanted(args))

    def _row(
        self, server: client.Server, cloud: client.ComputeClient,
        args: argparse.Namespace,
    ) -> Row:
        reason = self.blocked_reason(server, cloud, args)
        # NOTE: Nova has no name of a server in a cell that is down.
        return Row(server['id'], server.get('name', ''),
                   error.CommandError(reason) if reason else None)

    def _named(
        self, cloud: client.ComputeClient, args: argparse.Namespace,
    ) -> list[Row]:
        microversion = cloud.offer.choose(*self.wanted(args))
        return [self._row(outcome.result, cloud, args) if outcome.result
                else Row('', outcome.item, outcome.failure)
                for outcome in self.find(cloud, args, microversion)]

    def _change(
        self, cloud: client.ComputeClient, rows: Sequence[Row],
        args: argparse.Namespace,
    ) -> list[Row]:
        body = self.body(args)
        microversion = cloud.offer.choose(*self.wanted(args))

        def change(row: Row) -> None:
            if row.failure:
                raise row.failure
            cloud.act(row.id, body, microversion)

        with terminal.progress_bar('Locks', len(rows), self.app) as advance:
            outcomes = bulk.run_each(change, rows, args.parallel, advance)
        return [outcome.item._replace(failure=outcome.failure)
                for outcome in outcomes]
