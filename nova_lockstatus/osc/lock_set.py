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

"""openstack lock set, openstack lock unset."""

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import error
from nova_lockstatus.osc import lock_change
from nova_lockstatus.osc import server_filter
from nova_lockstatus.osc.client import Server
from nova_lockstatus.utils import duration


def _reason(text: str) -> str:
    # NOTE: the limits are Nova's, the column has 255.
    if 1 <= len(text) <= 255:
        return text
    raise argparse.ArgumentTypeError(
        'a reason has 1 to 255 characters, this one %d' % len(text))


def _add_end(parser: argparse.ArgumentParser) -> None:
    end = parser.add_mutually_exclusive_group()
    end.add_argument(
        '--until', metavar='<time>', type=duration.parse_end,
        help='When the lock ends, such as 2026-12-24T08:00:00, in UTC unless '
             'the time says otherwise (needs the extension os-server-locks in '
             'the cloud)')
    end.add_argument(
        '--for', metavar='<length>', type=duration.parse_length,
        dest='until',
        help='In how long the lock ends, such as 45m, 12h, 2d or 1w (needs '
             'the extension os-server-locks in the cloud)')
    parser.add_argument(
        '--release', action='store_true',
        help='Have the lock lifted at its end. Otherwise it stays in force, '
             'and is shown as expired')


def blocked_reason(
    server: Mapping[str, Any], reason: str, replaces_reason: bool,
) -> str | None:
    """Return why Nova would accept a lock and not store its reason.

    :param server: a server of the user's own project, as the cloud shows it
    :param replaces_reason: whether the cloud replaces the reason of a lock
        that the project itself holds
    :returns: None if the reason takes effect
    """
    if not server.get('locked') or server.get('locked_reason') == reason:
        return None
    if not replaces_reason:
        return ('It is locked already, and this cloud does not replace the '
                'reason: unlock it first.')
    if server.get('locked_by') == 'admin':
        return 'An administrator holds the lock, the reason stays theirs.'
    return None


class SetLock(lock_change.ChangeLocks):
    """Lock servers, with a reason, and with an end.

    Of servers that are locked already, the reason is replaced; but nothing
    changes where an administrator of another project holds the lock, unless
    the cloud has the extension os-server-locks: your lock then stands beside
    it. The exit code is 1 if one of the servers could not be locked.
    """

    done = 'locked'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--reason', metavar='<text>', type=_reason,
            help='Why, in 1 to 255 characters (needs the extension '
                 'os-server-locked-status in the cloud, or microversion '
                 '2.73)')
        _add_end(parser)
        return parser

    def check(self, args: argparse.Namespace) -> None:
        super().check(args)
        if args.reason is not None:
            self.client.capabilities.require(capabilities.LOCK_REASON)
        if args.until is not None:
            self.client.capabilities.require(capabilities.LOCK_END)
        elif args.release:
            raise error.CommandError(
                '--release needs the end of the lock, --until or --for.')

    def body(self, args: argparse.Namespace) -> dict[str, Any]:
        lock: dict[str, Any] = {}
        if args.reason is not None:
            lock['locked_reason'] = args.reason
        if args.until is not None:
            lock.update(locked_until=args.until.isoformat() + 'Z',
                        release=args.release)
        return {'lock': lock or None}

    def needed(self, args: argparse.Namespace
               ) -> list[capabilities.Capability]:
        return [] if args.reason is None else [
            capabilities.LOCK_REASON, capabilities.LOCKED,
            capabilities.LOCKED_REASON]

    def blocked_reason(
        self, server: Server, args: argparse.Namespace,
    ) -> str | None:
        if (args.reason is None
                or server.get('tenant_id') != self.client.project_id
                or self.client.capabilities.has_extension(
                    capabilities.LOCK_END)):
            return None
        return blocked_reason(
            server, args.reason,
            self.client.capabilities.has_extension(capabilities.LOCKED_BY))


class UnsetLock(lock_change.ChangeLocks):
    """Unlock servers.

    Of servers that are chosen by project, host or tag, those are unlocked that
    are locked, as far as the cloud tells it. The exit code is 1 if one of the
    servers could not be unlocked.
    """

    done = 'unlocked'

    def body(self, args: argparse.Namespace) -> dict[str, Any]:
        return {'unlock': None}

    def needed(self, args: argparse.Namespace
               ) -> list[capabilities.Capability]:
        return [] if args.servers else [
            capabilities.LOCKED, capabilities.FIND_LOCKED]

    def select(self, args: argparse.Namespace) -> Iterable[Server]:
        servers = server_filter.list_locked(
            self.client, server_filter.from_args(args, self.client))
        return (server for server in servers
                if server.get('locked') is not False)
