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

"""openstack lock unset."""

import argparse
from collections.abc import Iterable
from typing import Any

from nova_lockstatus.osc import cloud as clouds
from nova_lockstatus.osc import lock_change
from nova_lockstatus.osc import offer as offers
from nova_lockstatus.osc import selection as selections


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

    def wanted(self, args: argparse.Namespace) -> list[offers.Capability]:
        """Return what the calls need.

        :param args: the arguments
        :returns: what the microversion is chosen for
        """
        return [] if args.servers else [offers.LOCKED, offers.FIND_LOCKED]

    def select(
        self, cloud: clouds.Cloud, args: argparse.Namespace,
    ) -> Iterable[clouds.Server]:
        """List the servers that the options choose, and that are locked.

        :param cloud: the cloud
        :param args: the arguments
        :returns: the servers
        :raises error.CommandError: when the cloud cannot tell or refuses it
        """
        query = ({'locked': 'True'}
                 if cloud.offer.gives(offers.FIND_LOCKED) else {})
        chosen = selections.servers(
            cloud, selections.read(args, cloud), *self.wanted(args), **query)
        return (server for server in chosen
                if server.get('locked') is not False)
