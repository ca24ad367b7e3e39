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

"""openstack lock list, openstack lock show."""

import argparse
import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

from nova_lockstatus.osc import bulk
from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import error
from nova_lockstatus.osc import lock_history
from nova_lockstatus.osc import output
from nova_lockstatus.osc import server_filter
from nova_lockstatus.osc.client import ComputeClient
from nova_lockstatus.osc.client import Server
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import terminal

_COLUMNS = (
    output.Column('ID', 'id'),
    output.Column('Name', 'name'),
    output.Column('Project ID', 'tenant_id'),
    output.Column('Locked By', 'locked_by', capabilities.LOCKED_BY),
    output.Column('Reason', 'locked_reason', capabilities.LOCKED_REASON),
    output.Column('Until', 'locked_until', capabilities.LOCKED_UNTIL),
    output.Column('Since', 'locked_at', kind=output.AgeColumn),
    output.Column('Locked By User ID', 'locked_by_user_id'),
    output.Column('Host', 'OS-EXT-SRV-ATTR:host'),
    output.Column(output.HOST_STATUS, 'host_status',
                  capabilities.HOST_STATUS),
)

_LONG = frozenset({'locked_at', 'locked_by_user_id', 'tenant_id',
                   'OS-EXT-SRV-ATTR:host', 'host_status'})

_FIELDS = ('id', 'name', 'project_id', 'locked', 'locked_by', 'locked_reason',
           'locked_until', 'locked_at', 'locked_by_user_id',
           'delete_protected')


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as exc:
        raise argparse.ArgumentTypeError(
            "'%s' is no regular expression: %s" % (text, exc)) from exc


def _shown(
    server: Mapping[str, Any], key: str, capability: capabilities.Capability,
) -> Any:
    """Return a value that a filter needs.

    :raises error.CommandError: when the cloud hides it from the user, as
        the filter would then match no server or all of them
    """
    if key not in server:
        raise error.CommandError(
            'The cloud does not show you %s.' % capability.title)
    return server[key]


def _lock_in_force(
    client: ComputeClient, server: Mapping[str, Any],
) -> dict[str, Any]:
    """Read from its actions since when a server is locked, and who did it."""
    return lock_history.lock_in_force(
        lock_history.read(client.instance_actions(server['id'])))


def _needs_times(args: argparse.Namespace) -> bool:
    return args.long or args.older_than is not None


def _old_enough(rows: list[Server],
                age: datetime.timedelta | None) -> list[Server]:
    """Leave out the servers that have not been locked for so long."""
    if age is None:
        return rows
    now = datetime.datetime.now(datetime.timezone.utc)
    return [row for row in rows if duration.is_older(
        _shown(row, 'locked_at', capabilities.LOCKED_AT), age, now)]


class ListLock(output.Lister):
    """List locked servers with the holder and the reason of the lock.

    Values that the cloud does not return to you are left out. In a cloud
    without the plugin, the time of a lock takes a call for each server.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        server_filter.add_arguments(parser)
        parser.add_argument(
            '--locked-by', choices=('owner', 'admin'),
            help='Servers that somebody of their own project has locked, or '
                 'an administrator of another one (needs the extension '
                 'os-server-locked-status in the cloud)')
        parser.add_argument(
            '--reason', metavar='<regex>', type=_pattern,
            help='Servers whose lock has a reason that this regular '
                 'expression matches somewhere')
        parser.add_argument(
            '--older-than', metavar='<age>', type=duration.parse,
            help='Servers that have been locked for this long at the least, '
                 'such as 45m, 12h, 30d or 2w; those without a record of '
                 'the lock are left out')
        parser.add_argument(
            '--expired', action='store_true',
            help='Servers whose lock is past its end and stays in force '
                 '(needs the extension os-server-locks in the cloud)')
        parser.add_argument(
            '--long', action='store_true',
            help='Show also since when, which user, project, host and its '
                 'status')
        bulk.add_argument(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> output.Table:
        client = self.client
        client.capabilities.require(capabilities.LOCKED)
        if args.locked_by:
            client.capabilities.require(capabilities.LOCKED_BY)
        if args.reason:
            client.capabilities.require(capabilities.LOCKED_REASON)
        if args.expired:
            client.capabilities.require(capabilities.LOCKED_UNTIL)
        chosen = server_filter.from_args(args, client)
        rows = list(self._locked_servers(chosen, args))
        shown = {column.key for column in _COLUMNS} - _LONG
        if _needs_times(args):
            if not client.capabilities.has_extension(capabilities.LOCKED_AT):
                rows = self._with_times(rows, args)
            rows = _old_enough(rows, args.older_than)
            shown |= _LONG if args.long else {'locked_at'}
        if chosen.all_projects or chosen.project_id:
            shown.add('tenant_id')
        return output.make_table(
            [column for column in _COLUMNS if column.key in shown],
            rows, client.capabilities)

    def _locked_servers(
        self, chosen: server_filter.ServerFilter, args: argparse.Namespace,
    ) -> Iterator[Server]:
        needed = [capabilities.LOCKED_REASON]
        if args.long:
            needed.append(capabilities.HOST_STATUS)
        query = {'locked_by': args.locked_by} if args.locked_by else {}
        if _needs_times(args) and self.client.capabilities.has_extension(
                capabilities.LOCKED_AT):
            query['lock_details'] = 'True'
        for server in server_filter.list_locked(
            self.client, chosen, *needed, **query):
            if not _shown(server, 'locked', capabilities.LOCKED):
                continue
            if args.locked_by and args.locked_by != _shown(
                    server, 'locked_by', capabilities.LOCKED_BY):
                continue
            if args.expired and not duration.is_past(
                    _shown(server, 'locked_until', capabilities.LOCKED_UNTIL),
                    datetime.datetime.now(datetime.timezone.utc)):
                continue
            if args.reason and not args.reason.search(_shown(
                server, 'locked_reason', capabilities.LOCKED_REASON) or ''):
                continue
            yield server

    def _with_times(
        self, servers: list[Server], args: argparse.Namespace,
    ) -> list[Server]:
        """Add since when the servers are locked, with a call for each."""
        client = self.client
        with terminal.progress_bar('Locks', len(servers), self.app) as on_done:
            outcomes = bulk.run_each(
                lambda server: _lock_in_force(client, server), servers,
                args.parallel, on_done)
        found = []
        for outcome in outcomes:
            if getattr(outcome.failure, 'status', None) == 404:
                continue  # deleted meanwhile
            if outcome.failure:
                raise outcome.failure
            found.append({**outcome.item, **(outcome.result or {})})
        return found


class ShowLock(output.ShowOne):
    """Show the lock of a server, and all locks and unlocks with their users.

    Values that the cloud does not return to you are left out.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'server', metavar='<server>', help='The server, by name or id')
        server_filter.add_all_projects(parser)
        return parser

    def take_action(self, args: argparse.Namespace
                    ) -> tuple[list[str], list[Any]]:
        client = self.client
        microversion = client.capabilities.microversion_for(
            capabilities.LOCKED, capabilities.LOCKED_REASON)
        has_times = client.capabilities.has_extension(capabilities.LOCKED_AT)
        server = client.find_server(
            args.server, microversion, args.all_projects)
        if has_times and args.server != server['id']:
            # A list of servers does not have all fields.
            server = client.show_server(server['id'], microversion)
        events = lock_history.read(client.instance_actions(server['id']))
        if (server.get('locked') and 'locked_at' not in server
                and not has_times):
            server = {**server, **lock_history.lock_in_force(events)}
        server['project_id'] = server.get('tenant_id')
        names = [name for name in _FIELDS if name in server]
        return ([*names, 'history'],
                [*(server[name] for name in names),
                 lock_history.HistoryColumn(events)])
