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

"""Throw malformed requests at the API with the plugin, beside stock Nova."""

import argparse
import collections
import random
import re
import subprocess
import sys
import time
import warnings

from nova_lockstatus.tests.fuzz import feeder
from nova_lockstatus.tests.fuzz import oracle as oracles
from nova_lockstatus.tests.fuzz import requests as fuzz_requests
from nova_lockstatus.tests.fuzz import server_world
from nova_lockstatus.tests.fuzz import strategies
from nova_lockstatus.tests.fuzz import world as worlds

STEP = 1000

INPUTS = {'sqlite': 20000, 'mariadb': 5000, 'postgresql': 5000}
"""The databases, and how many requests by default."""

_ERROR = re.compile(r"<class '([^']*)'>")


class Findings:
    """Counts what came of requests, and keeps the first of each finding.

    :param oracle: tries a request
    """

    def __init__(self, oracle: oracles.Oracle) -> None:
        self._oracle = oracle
        self._began = time.monotonic()
        self.statuses: collections.Counter = collections.Counter()
        self.differences: collections.Counter = collections.Counter()
        self.fails_in_stock: collections.Counter = collections.Counter()
        self.problems: dict[tuple, list] = {}

    def check(self, request: fuzz_requests.Request) -> None:
        """Try a request.

        :param request: the request
        """
        verdict = self._oracle.check(request)
        plugin, stock = verdict.plugin, verdict.stock
        self.statuses[plugin.status] += 1
        if stock is not None and stock.status != plugin.status:
            self.differences[stock.status, plugin.status] += 1
        if verdict.problem:
            self.problems.setdefault(
                (request.call, verdict.problem), []).append(
                    (request, verdict))
        elif stock is not None and stock.status >= 500:
            found = _ERROR.search(stock.text)
            self.fails_in_stock[
                request.call, stock.status, found[1] if found else ''] += 1
        number = self.statuses.total()
        if not number % STEP:
            print('%d inputs, %d s, %d findings' % (
                number, time.monotonic() - self._began, len(self.problems)),
                file=sys.stderr, flush=True)

    def report(self) -> None:
        """Print everything."""
        print('%d inputs in %d s' % (self.statuses.total(),
                                     time.monotonic() - self._began))
        for status, count in sorted(self.statuses.items()):
            print('  %d: %d' % (status, count))
        print('Stock Nova answers otherwise:')
        for (stock, plugin), count in sorted(self.differences.items()):
            print('  %d, with the plugin %d: %d' % (stock, plugin, count))
        print('Stock Nova fails too:')
        for (call, status, error), count in sorted(
                self.fails_in_stock.items()):
            print('  %s: %d %s: %d' % (call, status, error, count))
        print('Findings: %d' % len(self.problems))
        for (call, problem), all_found in self.problems.items():
            request, verdict = min(
                all_found, key=lambda found: len(found[0].curl()))
            print('\n%s %s (%d times)\n  %s\n  %s\n  stock: %s' % (
                call, problem, len(all_found), request.curl(),
                verdict.plugin, verdict.stock))


def main(arguments: list[str] | None = None) -> int:
    """Fuzz.

    :param arguments: the command line's
    :returns: the exit code: 1 where something was found
    """
    parser = argparse.ArgumentParser(prog='tox -e fuzz --',
                                     description=__doc__)
    parser.add_argument('--database', choices=INPUTS,
                        help='the one to ask (by default each, one after the '
                             'other, if its server is there)')
    parser.add_argument('--inputs', type=int, metavar='N',
                        help='how many requests (%s)' % ', '.join(
                            '%s: %d' % kind for kind in INPUTS.items()))
    parser.add_argument('--seed', type=int, metavar='S',
                        default=random.SystemRandom().randrange(1 << 32),
                        help='of an earlier run, to repeat it')
    options = parser.parse_args(arguments)
    if options.database is None:
        # A process can have one Nova.
        return max(subprocess.run([
            sys.executable, '-m', feeder.__name__.rpartition('.')[0],
            '--seed', str(options.seed), '--database', name,
            '--inputs', str(options.inputs or INPUTS[name])],
            check=False).returncode for name in INPUTS)
    return fuzz(options.database, options.inputs or INPUTS[options.database],
                options.seed)


def fuzz(database: str, inputs: int, seed: int) -> int:
    """Try requests over one database.

    :param database: a key of INPUTS
    :param inputs: how many requests
    :param seed: what they depend on
    :returns: the exit code: 1 where something was found
    """
    print('Seed %d, %s' % (seed, database), flush=True)
    warnings.simplefilter('ignore')
    world: worlds.World | server_world.ServerWorld = worlds.World()
    kind = None
    if database in server_world.SERVERS:
        problem = server_world.unreachable(database)
        if problem:
            print('Skipped: %s' % problem)
            return 0
        world = server_world.ServerWorld(database)
        kind = strategies.list_requests()
    with world:
        findings = Findings(oracles.Oracle(world))
        try:
            feeder.feed(findings.check, inputs, seed, kind)
        finally:
            findings.report()
    return 1 if findings.problems else 0


if __name__ == '__main__':
    sys.exit(main())
