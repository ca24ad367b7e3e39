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

"""Measure stock Nova and Nova with the plugin, side by side."""

import argparse
import datetime
import json
import os
import platform
import re
import signal
import sys
import tempfile
import warnings

DEFAULT_JSON = os.path.join(tempfile.gettempdir(),
                            'nova-lockstatus-bench.json')


def parse(arguments):
    """Read the command line.

    :param arguments: it
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
    parser.add_argument('--no-apart', dest='apart', action='store_false',
                        help='do not measure what the hooks cost a pipeline '
                             'without the filter')
    parser.add_argument('--only', type=re.compile, default='',
                        metavar='REGEX',
                        help='measure the calls alone that it matches '
                             'somewhere, as the table names them')
    parser.add_argument('--check', action='store_true',
                        help='fail when something is slower than it should be')
    options = parser.parse_args(arguments)
    if options.hosts < options.cells:
        parser.error('a cell has no host')
    return options


def say(text):
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def run(options):
    """Measure.

    :param options: the command line's
    :returns: the result
    """
    # NOTE: they import Nova, which takes seconds; and which looks at this
    # when it is imported.
    os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
    from nova_lockstatus.tests.bench import calls
    from nova_lockstatus.tests.bench import cloud
    from nova_lockstatus.tests.bench import databases
    from nova_lockstatus.tests.bench import measure
    from nova_lockstatus.tests.bench import process

    say('Creating the databases')
    with databases.Databases(
            os.environ.get(databases.VARIABLE) or None, options.cells,
            max(1000, options.servers, options.hosts)) as created:
        say('Filling them')
        uuids = cloud.fill(created.cells, options.servers, options.hosts,
                           options.projects)
        ids = {'locked': uuids[0], 'unlocked': uuids[1]}
        numbers = {**vars(options), 'flavors': cloud.FLAVORS}
        say('Starting nova-api')
        with process.start('hooked', created.config) as worker:
            about = {**_about(), 'database': created.engine,
                     'extensions': worker.ready()['extensions']}
            share = measure.filter_share(worker)
            rows = []
            for call in calls.CALLS:
                if not re.search(options.only, str(call)):
                    continue
                say(str(call))
                rows.append(measure.side_by_side(worker, call, ids, numbers))
        hooks = []
        if options.apart:
            say('Starting nova-api with and without hooks')
            with measure.processes_apart(created.config) as workers:
                for call in calls.APART:
                    say('%s of stock Nova alone' % call)
                    hooks.append(measure.apart(workers, call, ids, numbers))
    missed = ['%s %s' % (row['call'], problem)
              for row in rows for problem in row['missed']]
    missed += ['the filter ' + problem for problem in share['missed']]
    for name in ('servers', 'hosts', 'projects', 'cells', 'runs', 'seconds'):
        about[name] = numbers[name]
    return {'about': about, 'calls': rows, 'hooks': hooks, 'filter': share,
            'missed': missed}


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


def main(arguments):
    """Measure, and tell.

    :param arguments: the command line's
    :returns: the exit code
    """
    options = parse(arguments)
    warnings.simplefilter('ignore')
    # So that databases on a server are dropped then, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    from sqlalchemy import exc
    try:
        result = run(options)
    except (OSError, RuntimeError, exc.SQLAlchemyError) as error:
        say('It cannot be measured: %s' % error)
        return 2
    from nova_lockstatus.tests.bench import table
    os.makedirs(os.path.dirname(os.path.abspath(options.json)), exist_ok=True)
    with open(options.json, 'w') as file:
        json.dump(result, file, indent=2)
        file.write('\n')
    print(table.render(result), flush=True)
    say('Written to ' + options.json)
    return 1 if options.check and result['missed'] else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
