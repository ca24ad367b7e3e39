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

"""Run Tempest on stock Nova and with the plugin, and compare."""

import argparse
import collections
import signal
import sys
from typing import NamedTuple

from nova_lockstatus.tests.integration.cloud import cloud as clouds
from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import processes
from nova_lockstatus.tests.tempest import config
from nova_lockstatus.tests.tempest import runs
from nova_lockstatus.tests.tempest import selection


def parse(arguments):
    """Read the command line.

    :param arguments: it
    :returns: the options
    """
    parser = argparse.ArgumentParser(
        prog='tox -e tempest --', description=__doc__)
    parser.add_argument('tests', nargs='*', metavar='REGEX',
                        default=selection.ALL,
                        help='run only the tests whose ids it matches')
    parser.add_argument('--concurrency', type=int, default=2,
                        help='how many processes run them (%(default)s)')
    return parser.parse_args(arguments)


class Results(NamedTuple):
    """The results of each run, by the ids of the tests.

    :param stock: unmodified Tempest on stock Nova
    :param plugin: the same with the plugin, whose keys the users do not get
    :param no_rule: :data:`~.selection.SEES_KEYS` with the plugin and no rule
    :param accepted: as ``stock``, with the plugin, no rule, and schemas that
        have the plugin's keys
    :param own: the tests of the plugin for Tempest
    :param own_stock: these on stock Nova
    """

    stock: dict
    plugin: dict
    no_rule: dict
    accepted: dict
    own: dict
    own_stock: dict


def run(cloud, options):
    """Run Tempest on stock Nova and with the plugin.

    :param cloud: the Cloud, which runs without the filter
    :param options: the command line's
    :returns: the Results
    """
    tempest = runs.Tempest(cloud, options.concurrency)
    tempest.prepare()
    stock = tempest.run('stock', options.tests)
    own_stock = tempest.run('own-stock', selection.PLUGIN, accept_keys=True)
    cloud.restart_api(with_filter=True)
    with cloud.nova.rules(config.RULES):
        plugin = tempest.run('plugin', options.tests)
    return Results(
        stock, plugin, tempest.run('no-rule', selection.SEES_KEYS),
        tempest.run('accepted', options.tests, accept_keys=True),
        tempest.run('own', selection.PLUGIN, accept_keys=True), own_stock)


def count(results):
    """Count the results.

    :param results: them
    :returns: one line
    """
    counts = collections.Counter(
        result.status for result in results.values())
    return ', '.join('%d %s' % (number, status)
                     for status, number in sorted(counts.items()))


def show(results):
    """Print what came out.

    :param results: the Results
    :returns: the exit code: 1 when the plugin made a difference, the tests
        could not have shown one, or a test of the plugin for Tempest did not
        end as it has to
    """
    stock, own, own_stock = results.stock, results.own, results.own_stock
    for title, of_run in (
            ('Stock Nova', stock), ('With the plugin', results.plugin),
            ('With the plugin and no rule', results.no_rule),
            ('The same, and schemas with its keys', results.accepted),
            ('The tests of the Tempest plugin', own),
            ('The same on stock Nova', own_stock)):
        print('%s: %s' % (title, count(of_run)))
    print_list('Failed on stock Nova', runs.failed(stock))
    wrong = [
        ('Passed with no rule', runs.without_schema_error(results.no_rule)),
        ('Different', runs.differences(stock, results.plugin)),
        ('Different with its keys in the schemas',
         runs.differences(stock, results.accepted)),
        ('Tests of the Tempest plugin that did not pass',
         runs.other_than('success', own)),
        ('The same on stock Nova that were not skipped',
         runs.other_than('skip', own_stock))]
    for title, lines in wrong:
        print_list(title, lines)
    return 1 if (any(lines for _title, lines in wrong)
                 or not all(results)) else 0


def print_list(title, lines):
    """Print lines under a title.

    :param title: the title
    :param lines: the lines
    """
    print('%s: %d' % (title, len(lines)))
    for line in lines:
        print('   ', line)


def main(arguments=None):
    """Be the program.

    :param arguments: the command line's
    :returns: the exit code
    """
    options = parse(arguments)
    # So that the cloud is removed, whatever ends it.
    for ends in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ends, signal.default_int_handler)
    cloud = clouds.Cloud(with_filter=False)
    try:
        cloud.start()
        results = run(cloud, options)
    except (engines.Unavailable, processes.Broken) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('Interrupted', file=sys.stderr)
        return 130
    finally:
        cloud.stop()
    return show(results)


if __name__ == '__main__':
    sys.exit(main())
