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


def run(cloud, options):
    """Run Tempest three times.

    :param cloud: the Cloud, which runs without the filter
    :param options: the command line's
    :returns: the results on stock Nova, those with the plugin, and those of
        :data:`~.selection.SEES_KEYS` with the plugin and no rule
    """
    tempest = runs.Tempest(cloud, options.concurrency)
    tempest.prepare()
    stock = tempest.run('stock', options.tests)
    cloud.restart_api(with_filter=True)
    with cloud.nova.rules(config.RULES):
        plugin = tempest.run('plugin', options.tests)
    return stock, plugin, tempest.run('no-rule', selection.SEES_KEYS)


def count(results):
    """Count the results.

    :param results: them
    :returns: one line
    """
    counts = collections.Counter(
        result.status for result in results.values())
    return ', '.join('%d %s' % (number, status)
                     for status, number in sorted(counts.items()))


def show(stock, plugin, no_rule):
    """Print what came out.

    :param stock: the results on stock Nova
    :param plugin: those with the plugin
    :param no_rule: those with the plugin and no rule
    :returns: the exit code: 1 when the plugin made a difference, or the tests
        could not have shown one
    """
    different = runs.differences(stock, plugin)
    blind = runs.without_schema_error(no_rule)
    for title, results in (
            ('Stock Nova', stock), ('With the plugin', plugin),
            ('With the plugin and no rule', no_rule)):
        print('%s: %s' % (title, count(results)))
    for title, lines in (
            ('Failed on stock Nova', runs.failed(stock)),
            ('Passed with no rule', blind), ('Different', different)):
        print('%s: %d' % (title, len(lines)))
        for line in lines:
            print('   ', line)
    return 1 if different or blind or not plugin or not no_rule else 0


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
    return show(*results)


if __name__ == '__main__':
    sys.exit(main())
