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

"""Many calls of the compute API at a time, but not too many."""

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any, Generic, TypeVar

from keystoneauth1 import exceptions as ksa_exceptions
from openstack import exceptions as sdk_exceptions

from nova_lockstatus.osc import client
from nova_lockstatus.osc import error
from nova_lockstatus.osc import output
from nova_lockstatus.utils import terminal

DEFAULT = 8
# NOTE: the session of keystoneauth keeps ten connections, and urllib3 warns
# of each further one.
LIMIT = 10

Item = TypeVar('Item')
Result = TypeVar('Result')

FAILURES = (error.CommandError, sdk_exceptions.SDKException,
            ksa_exceptions.ClientException)
"""What can be wrong with one call; all else is a bug."""


@dataclasses.dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """What became of one item.

    :param item: the item
    :param result: what the function returned
    :param failure: why it did not
    """

    item: Item
    result: Result | None
    failure: Exception | None


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--parallel``.

    :param parser: the command's
    """
    parser.add_argument(
        '--parallel', metavar='<number>', type=_number, default=DEFAULT,
        help='How many calls to make at a time, from 1 to %d '
             '(default: %d)' % (LIMIT, DEFAULT))


def _number(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= LIMIT:
        return int(text)
    raise argparse.ArgumentTypeError(
        "'%s' is not a number from 1 to %d" % (text, LIMIT))


def run_each(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int,
    advance: Callable[[], Any] = lambda: None,
) -> list[Outcome[Item, Result]]:
    """Call a function for each of many items.

    :param function: what to call, in several threads
    :param items: what to call it with
    :param workers: how many calls to make at a time
    :param advance: called after each
    :returns: what became of each, in the order of the items
    """
    def attempt(item: Item) -> Outcome[Item, Result]:
        try:
            return Outcome(item, function(item), None)
        except FAILURES as exc:
            return Outcome(item, None, exc)

    with futures.ThreadPoolExecutor(workers) as pool:
        begun = [pool.submit(attempt, item) for item in items]
        try:
            for _ in futures.as_completed(begun):
                advance()
        except BaseException:
            # Ctrl-C: what has not begun does not begin any more.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in begun]


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
        self, cloud: client.ComputeClient, args: argparse.Namespace,
        microversion: str | None,
    ) -> list[Outcome[str, client.Server]]:
        """Find the servers that are named.

        :param cloud: where
        :param args: the arguments
        :param microversion: the one to ask with, None: the cloud's default
        :returns: the servers, or why not, in the order of the names
        """
        with terminal.progress_bar(
            'Servers', len(args.servers), self.app) as advance:
            return run_each(
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
