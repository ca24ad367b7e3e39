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

"""Run Nova's own tests on stock Nova and with the plugin, and compare."""

import argparse
import collections
import os
import pathlib
import subprocess
import sys
import tempfile
from importlib import metadata

from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.embedded import paste
from nova_lockstatus.extensions import loader
from nova_lockstatus.tests.nova_tests import compare
from nova_lockstatus.tests.nova_tests import selection

HERE = pathlib.Path(__file__).parent

TOP = HERE.parents[2]


def parse(arguments):
    """Read the command line.

    :param arguments: it
    :returns: the options
    """
    parser = argparse.ArgumentParser(
        prog='tox -e nova-tests --', description=__doc__)
    parser.add_argument('filters', nargs='*', metavar='REGEX',
                        help='run only the tests whose ids it matches')
    parser.add_argument('--concurrency', type=int, default=2,
                        help='how many processes run them (%(default)s)')
    return parser.parse_args(arguments)


def write_paste_file(path, plugin):
    """Write the paste file of a run.

    :param path: where to
    :param plugin: whether it gets the filter, as ``nova-lockstatus enable``
        puts it in, with all extensions
    """
    text = pathlib.Path(paste.find()).read_text()
    if plugin:
        aliases = metadata.entry_points(group=loader.NAMESPACE).names
        text = paste_edit.enable(
            text) + 'enabled_extensions = %s\n' % ', '.join(
            sorted(aliases))
    path.write_text(text)


def run(options, plugin):
    """Run the tests.

    :param options: those of the command line
    :param plugin: whether to run them with the plugin
    :returns: the results, by the id of the test
    """
    with tempfile.TemporaryDirectory() as folder:
        paste_file = pathlib.Path(folder, 'api-paste.ini')
        write_paste_file(paste_file, plugin)
        stestr = ['stestr', '--repo-url', folder, '--test-path', str(HERE),
                  '--top-dir', str(TOP), '--group-regex', '(.*)']
        subprocess.run(
            [*stestr, 'run', '--abbreviate', '--concurrency',
             str(options.concurrency), *options.filters],
            cwd=TOP, env={**os.environ,
                          selection.PASTE_FILE: str(paste_file)})
        return compare.read(subprocess.run(
            [*stestr, 'last', '--subunit'], cwd=TOP,
            stdout=subprocess.PIPE).stdout)


def main(arguments):
    """Run and compare.

    :param arguments: the command line
    :returns: the exit status
    """
    options = parse(arguments)
    stock, plugin = run(options, False), run(options, True)
    report = compare.compare(
        stock, plugin, selection.EXCEPTIONS,
        {key for keys in selection.ADDED_KEYS.values() for key in keys})
    for name, results in ('Stock Nova', stock), ('With the plugin', plugin):
        counts = collections.Counter(
            result.status for result in results.values())
        print('%s: %s' % (name, ', '.join(
            '%d %s' % (count, status)
            for status, count in sorted(counts.items()))))
    print('Comparisons set keys aside in %d tests' % sum(
        bool(result.added) for result in plugin.values()))
    errors = report.wrong
    if not options.filters:
        errors = errors + report.stale
    for title, lines in (
            ('Exceptions', report.excepted),
            ('Not held against the plugin', report.not_held),
            ('Errors', errors)):
        print('%s: %d' % (title, len(lines)))
        for line in lines:
            print('   ', line)
    return 1 if errors or not plugin else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
