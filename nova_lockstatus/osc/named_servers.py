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

"""What the commands have in common that take many servers by their names."""

import argparse

from nova_lockstatus.osc import cloud as clouds
from nova_lockstatus.osc import output
from nova_lockstatus.osc import parallel
from nova_lockstatus.utils import terminal


class NamedServers(output.Lister):
    """Finds servers, and fails if it failed with one of them."""

    _failed = 0

    def run(self, args: argparse.Namespace) -> int:
        """Carry it out.

        :param args: the arguments
        :returns: the exit code, 1 if it failed with one of the servers
        """
        code: int = super().run(args)
        return 1 if self._failed else code

    def find(
        self, cloud: clouds.Cloud, args: argparse.Namespace,
        microversion: str | None,
    ) -> list[parallel.Outcome[str, clouds.Server]]:
        """Find the servers that are named.

        :param cloud: where
        :param args: the arguments
        :param microversion: the one to ask with, None: the cloud's default
        :returns: the servers, or why not, in the order of the names
        """
        with terminal.progress_bar(
            'Servers', len(args.servers), self.app) as advance:
            return parallel.run(
                lambda name: cloud.find_server(
                    name, microversion, args.all_projects),
                args.servers, args.parallel, advance)

    def count_failed(self, failed: int, total: int, what: str) -> None:
        """Say that it failed with servers, if it did.

        :param failed: with how many
        :param total: of how many
        :param what: what went wrong, as the sentence goes on
        """
        self._failed = failed
        if failed:
            self.log.error('%d of %d servers %s, the column Error says why.',
                           failed, total, what)
