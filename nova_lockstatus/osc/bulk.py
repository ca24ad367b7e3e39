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

"""Calls the compute API for many servers, several at a time."""

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Any, Generic, TypeVar

from keystoneauth1 import exceptions as ksa_exceptions
from openstack import exceptions as sdk_exceptions

from nova_lockstatus.osc import error
from nova_lockstatus.osc import output
from nova_lockstatus.osc.client import Server
from nova_lockstatus.utils import terminal

DEFAULT = 8
# NOTE: the session of keystoneauth keeps ten connections, and urllib3 warns
# of each further one.
LIMIT = 10

Item = TypeVar('Item')
Result = TypeVar('Result')

FAILURES = (error.CommandError, sdk_exceptions.SDKException,
            ksa_exceptions.ClientException)
"""Errors of one call. Any other exception is a bug and ends the command."""


@dataclasses.dataclass(frozen=True)
class Outcome(Generic[Item, Result]):
    """The result of the call for one item, or its failure."""

    item: Item
    result: Result | None
    failure: Exception | None


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--parallel``."""
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
    on_done: Callable[[], Any] = lambda: None,
) -> list[Outcome[Item, Result]]:
    """Call a function for each item, in threads.

    :param on_done: called after each call, in the calling thread
    :returns: an outcome for each item, in their order
    """
    def attempt(item: Item) -> Outcome[Item, Result]:
        try:
            return Outcome(item, function(item), None)
        except FAILURES as exc:
            return Outcome(item, None, exc)

    with futures.ThreadPoolExecutor(workers) as pool:
        submitted = [pool.submit(attempt, item) for item in items]
        try:
            for _ in futures.as_completed(submitted):
                on_done()
        except BaseException:
            # After Ctrl-C, calls that have not started are dropped.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in submitted]


class NamedServers(output.Lister):
    """A command for several servers; it returns 1 if one of them fails."""

    _failed = False

    def run(self, parsed_args: argparse.Namespace) -> int:
        code: int = super().run(parsed_args)
        return 1 if self._failed else code

    def find(
        self, args: argparse.Namespace, microversion: str | None,
    ) -> list[Outcome[str, Server]]:
        """Find the servers that the user named.

        :returns: an outcome for each name, in their order
        """
        client = self.client
        with terminal.progress_bar(
            'Servers', len(args.servers), self.app) as on_done:
            return run_each(
                lambda name: client.find_server(
                    name, microversion, args.all_projects),
                args.servers, args.parallel, on_done)

    def report_failures(self, failed: int, total: int, what: str) -> None:
        """Log how many servers failed, if any did, and set the exit code.

        :param what: the end of the sentence, such as ``were not found``
        """
        if failed:
            self._failed = True
            self.log.error('%d of %d servers %s, the column Error says why.',
                           failed, total, what)
