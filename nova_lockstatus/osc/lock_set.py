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

"""openstack lock set."""

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import client
from nova_lockstatus.osc import lock_change
from nova_lockstatus.osc import server_filter


def _reason(text: str) -> str:
    # NOTE: the limits are Nova's, the column has 255.
    if 1 <= len(text) <= 255:
        return text
    raise argparse.ArgumentTypeError(
        'a reason has 1 to 255 characters, this one %d' % len(text))


def blocked_reason(
    server: Mapping[str, Any], reason: str, extended: bool,
) -> str | None:
    """Tell why a lock of the server's own project would change nothing.

    Nova answers 202 all the same.

    :param server: as the cloud shows it
    :param reason: that it is to be locked with
    :param extended: whether the cloud has the extension
        os-server-locked-status; with it the own lock's reason is replaced
    :returns: why, None if the lock would come into force
    """
    if not server.get('locked') or server.get('locked_reason') == reason:
        return None
    if not extended:
        return ('It is locked already, and this cloud does not replace the '
                'reason: unlock it first.')
    if server.get('locked_by') == 'admin':
        return 'An administrator holds the lock, the reason stays theirs.'
    return None


class SetLock(lock_change.ChangeLocks):
    """Lock servers, with a reason.

    Of servers that are locked already, the reason is replaced; but nothing
    changes where an administrator of another project holds the lock. The exit
    code is 1 if one of the servers could not be locked.
    """

    done = 'locked'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the arguments.

        :param prog_name: the command's name
        :returns: its parser
        """
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--reason', metavar='<text>', type=_reason,
            help='Why, in 1 to 255 characters (needs the extension '
                 'os-server-locked-status in the cloud, or microversion '
                 '2.73)')
        return parser

    def check(self, args: argparse.Namespace, offer: capabilities.Capabilities
              ) -> None:
        """Refuse what cannot be done, before anything is.

        :param args: the arguments
        :param offer: what the cloud offers
        :raises error.CommandError: when it cannot be done
        """
        super().check(args, offer)
        if args.reason is not None:
            offer.require(capabilities.LOCK_REASON)

    def body(self, args: argparse.Namespace) -> dict[str, Any]:
        """Return the call's body.

        :param args: the arguments
        :returns: the action, as the API names it
        """
        return {'lock': None if args.reason is None
                else {'locked_reason': args.reason}}

    def wanted(self, args: argparse.Namespace
               ) -> list[capabilities.Capability]:
        """Return what the calls need.

        :param args: the arguments
        :returns: what the microversion is chosen for
        """
        return [] if args.reason is None else [
            capabilities.LOCK_REASON, capabilities.LOCKED,
            capabilities.LOCKED_REASON]

    def blocked_reason(
        self, server: client.Server, cloud: client.ComputeClient,
        args: argparse.Namespace,
    ) -> str | None:
        """Return why a reason would not come into force.

        :param server: as the cloud shows it
        :param cloud: the cloud
        :param args: the arguments
        :returns: the reason, None if there is none
        """
        if args.reason is None or server.get('tenant_id') != cloud.project_id:
            return None
        return blocked_reason(
            server, args.reason, cloud.offer.extends(capabilities.LOCKED_BY))


class UnsetLock(lock_change.ChangeLocks):
    """Unlock servers.

    Of servers that are chosen by project, host or tag, those are unlocked that
    are locked, as far as the cloud tells it. The exit code is 1 if one of the
    servers could not be unlocked.
    """

    done = 'unlocked'

    def body(self, args: argparse.Namespace) -> dict[str, Any]:
        """Return the call's body.

        :param args: the arguments
        :returns: the action, as the API names it
        """
        return {'unlock': None}

    def wanted(self, args: argparse.Namespace
               ) -> list[capabilities.Capability]:
        """Return what the calls need.

        :param args: the arguments
        :returns: what the microversion is chosen for
        """
        return [] if args.servers else [
            capabilities.LOCKED, capabilities.FIND_LOCKED]

    def select(
        self, cloud: client.ComputeClient, args: argparse.Namespace,
    ) -> Iterable[client.Server]:
        """List the servers that the options choose, and that are locked.

        :param cloud: the cloud
        :param args: the arguments
        :returns: the servers
        :raises error.CommandError: when the cloud cannot tell or refuses it
        """
        query = ({'locked': 'True'}
                 if cloud.offer.gives(capabilities.FIND_LOCKED) else {})
        chosen = server_filter.servers(
            cloud, server_filter.read(args, cloud), *self.wanted(args),
            **query)
        return (server for server in chosen
                if server.get('locked') is not False)
