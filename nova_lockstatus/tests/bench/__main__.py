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

"""Measure stock Nova and Nova with the plugin."""

import argparse
import datetime
import importlib.util
import json
import os
import platform
import re
import signal
import sys
import tempfile
import warnings
from typing import Any

DEFAULT_JSON = os.path.join(tempfile.gettempdir(),
                            'nova-lockstatus-bench.json')

RUNS_OF_MORE = 3
"""How often a call is made if there are more servers than ``--servers``."""


def parse(arguments):
    """Read the command line.

    :returns: the options
    """
    parser = argparse.ArgumentParser(
        prog='tox -e bench --', description=__doc__)

    def number(least):
        def read(text):
            value = int(text)
            if value < least:
                raise argparse.ArgumentTypeError(
                    '%s is less than %d' % (text, least))
            return value
        return read

    def numbers(text):
        return [number(2)(part) for part in text.split(',')]

    for name, least, default, text in (
            ('servers', 2, 1000, 'how many servers there are'),
            ('hosts', 1, 1000, 'how many compute hosts they are on'),
            ('projects', 1, 50, 'how many projects they belong to'),
            ('cells', 1, 1, 'how many cells those are in, beside cell0'),
            ('runs', 1, 7, 'how often each call is made at the least'),
            ('seconds', 0, 6, 'how long quick calls are repeated')):
        parser.add_argument('--' + name, type=number(least), default=default,
                            help=text + ' (%(default)s)')
    parser.add_argument('--json', default=DEFAULT_JSON, metavar='FILE',
                        help='where the result goes (%(default)s)')
    parser.add_argument('--sizes', type=numbers, default=[],
                        metavar='NUMBERS',
                        help='lists servers for these numbers of them as '
                             'well, with commas between')
    parser.add_argument('--rst', metavar='FILE',
                        help='where tables for the documentation go')
    parser.add_argument('--plot', metavar='FILE',
                        help='where the plot of --sizes goes, an SVG; needs '
                             'matplotlib')
    parser.add_argument('--read', metavar='FILE', nargs='+',
                        help='read the JSON of an earlier run, and measure '
                             'nothing; of a second one, what --sizes '
                             'measured')
    parser.add_argument('--only', type=re.compile, default='',
                        metavar='REGEX',
                        help='measure the calls alone that it matches '
                             'somewhere, as the table names them')
    parser.add_argument('--check', action='store_true',
                        help='fail when something is slower than it should be')
    options = parser.parse_args(arguments)
    if options.hosts < options.cells:
        parser.error('a cell has no host')
    if options.plot and not options.read and not options.sizes:
        parser.error('--plot needs --sizes')
    if options.plot and importlib.util.find_spec('matplotlib') is None:
        parser.error('--plot needs matplotlib: bench-requirements.txt has it')
    return options


def say(text):
    """Write to the terminal what is done now."""
    print(text, file=sys.stderr, flush=True)


def run(options):
    """Measure.

    :param options: the command line's
    :returns: the result
    """
    # NOTE: they import Nova, which takes seconds; and which looks at this
    # when it is imported.
    os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
    from nova_lockstatus.tests.bench import cloud
    from nova_lockstatus.tests.bench import databases

    say('Creating the databases')
    sizes = sorted({options.servers, *options.sizes})
    with databases.Databases(
            os.environ.get(databases.VARIABLE) or None, options.cells,
            max(1000, options.hosts, *sizes)) as created:
        rows = cloud.Cloud(created.cells, options.hosts, options.projects)
        about = {**_about(), 'database': created.engine, **{
            name: getattr(options, name) for name in (
                'servers', 'hosts', 'projects', 'cells', 'runs', 'seconds')}}
        result: dict[str, Any] = {'about': about}
        growth = []
        for size in sizes:
            say('Adding servers, up to %d' % size)
            rows.grow(size)
            found = _measure(options, created.config, rows.uuids, result)
            growth.append({'servers': size, 'calls': found})
            if size == options.servers:
                result['calls'] = found
    if options.sizes:
        result['growth'] = [
            {**one, 'calls': [row for row in one['calls'] if row['grows']]}
            for one in growth]
    result['missed'] = [
        '%s %s' % (row['call'], problem)
        for row in result['calls'] for problem in row['missed']]
    result['missed'] += [
        'the filter ' + problem for problem in result['filter']['missed']]
    return result


def _measure(options, config, uuids, result):
    """Measure calls in processes of their own, for one number of servers.

    :param options: the command line's
    :param config: the path of the nova.conf
    :param uuids: those of all servers
    :param result: gets what the processes say of themselves
    :returns: what was measured of each call
    """
    from nova_lockstatus.tests.bench import calls
    from nova_lockstatus.tests.bench import cloud
    from nova_lockstatus.tests.bench import measure

    size = len(uuids)
    ids = {'locked': uuids[0], 'unlocked': uuids[1]}
    numbers = {**vars(options), 'servers': size, 'flavors': cloud.FLAVORS,
               'aggregates': cloud.AGGREGATES}
    if size > options.servers:
        numbers['runs'] = min(options.runs, RUNS_OF_MORE)
    rows = []
    say('Starting nova-api: stock, with the plugin, and stock again')
    with measure.started(config) as (workers, about):
        for name in ('extensions', 'compiled', 'latest'):
            result['about'][name] = about[name]
        if size == options.servers:
            result['filter'] = measure.filter_share(workers[1])
        for call in calls.CALLS:
            if (call.is_known(about['latest'])
                    and (call.grows or size == options.servers)
                    and re.search(options.only, str(call))):
                say(str(call))
                rows.append(measure.measure(workers, call, ids, numbers))
    return rows


def _about():
    from nova import version
    return {'nova': version.version_string(),
            'python': platform.python_version(), 'cpus': os.cpu_count(),
            'cpu': _cpu(), 'date': datetime.date.today().isoformat()}


def _cpu():
    try:
        with open('/proc/cpuinfo') as file:
            for line in file:
                if line.startswith('model name'):
                    return line.partition(':')[2].strip()
    except OSError:
        pass
    return platform.machine()


def read(path, *others):
    """Read the result of an earlier run.

    :param path: of its JSON
    :param others: that of a run whose numbers of servers take the place of
        its own, if any
    """
    with open(path) as file:
        result = json.load(file)
    for other in others:
        result['growth'] = read(other)['growth']
    return result


def write(path, text):
    """Write a file, and the folders that it is in."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)
    say('Written: ' + path)


def main(arguments):
    """Measure, and print the result.

    :param arguments: those of the command line
    :returns: the exit code
    """
    options = parse(arguments)
    warnings.simplefilter('ignore')
    # So that databases on a server are dropped then, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    from sqlalchemy import exc
    try:
        result = read(*options.read) if options.read else run(options)
    except (OSError, RuntimeError, exc.SQLAlchemyError) as error:
        say('It cannot be measured: %s' % error)
        return 2
    from nova_lockstatus.tests.bench import table
    if not options.read:
        write(options.json, json.dumps(result, indent=2) + '\n')
    print(table.render(result), flush=True)
    if options.rst:
        write(options.rst, table.render_rst(result))
    if options.plot:
        from nova_lockstatus.tests.bench import plot
        write(options.plot, plot.draw(result))
    return 1 if options.check and result['missed'] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
