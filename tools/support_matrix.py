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

"""Makes the table of supported releases from test runs.

``record`` reads the last run of the functional tests with each release out of
tox's environments into doc/source/install/releases.json, and ``write`` makes
the tables in the README and in the documentation of that file.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
from typing import Any

import testtools
from stestr.repository import abstract as repository
from stestr.repository import file as stestr_file

from nova_lockstatus.core import releases

TOP = pathlib.Path(__file__).resolve().parents[1]

RECORDS = TOP / 'doc' / 'source' / 'install' / 'releases.json'

PAGES = (TOP / 'README.rst',
         TOP / 'doc' / 'source' / 'install' / 'releases.rst')

TESTS = 'nova_lockstatus/tests/functional'

BEGIN = '.. The table is made by tools/support_matrix.py, of what ran.\n'
END = '.. End of the table.\n'

HEADER = '''
.. list-table::
   :header-rows: 1
   :widths: 14 14 14 44 14

   * - Nova
     - OpenStack
     - Python
     - Last run of the functional tests
     - Supported
'''

ROW = '''\
   * - %s
     - %s
     - %s
     - %s
     - %s
'''

VERSIONS = '''
import json, platform
from importlib import metadata
print(json.dumps({'nova': metadata.version('nova'),
                  'python': platform.python_version()}))
'''

NAMES = {26: 'Zed'}

Record = dict[str, str | int]


class NotRecorded(Exception):
    """A run that is not recorded; the message says why."""


def read_run(path: pathlib.Path) -> tuple[dict[str, str], str]:
    """Read the last run in a repository of stestr.

    :param path: the directory that has ``.stestr``
    :returns: the result of each test, by its id, and the day of the run
    :raises NotRecorded: when there is none
    """
    found: dict[str, str] = {}
    days: list[datetime.date] = []

    def remember(test: dict[str, Any]) -> None:
        found[test['id']] = test['status']
        days.extend(stamp.date() for stamp in test['timestamps'] if stamp)

    try:
        run = stestr_file.RepositoryFactory().open(
            str(path)).get_latest_run()
    except (KeyError, OSError, repository.RepositoryNotFound) as error:
        raise NotRecorded('%s has no run of stestr.' % path) from error
    result = testtools.StreamToDict(remember)
    result.startTestRun()
    run.get_test().run(result)
    result.stopTestRun()
    if not found:
        raise NotRecorded('No test ran in %s.' % path)
    return found, max(days).isoformat()


def list_tests(path: pathlib.Path, python: pathlib.Path, top: pathlib.Path,
               tests: str) -> set[str]:
    """Return the ids of the tests that there are.

    :param path: the directory that has ``.stestr``
    :param python: of the environment that they run in
    :param top: where the tests are imported from
    :param tests: the directory of the tests, below it
    """
    done = subprocess.run(
        [python.with_name('stestr'), '--repo-url', path.absolute(),
         '--test-path', tests, '--top-dir', '.', 'list'],
        cwd=top, stdout=subprocess.PIPE, text=True, check=True)
    return set(done.stdout.split())


def record(release: int, path: pathlib.Path, python: pathlib.Path,
           top: pathlib.Path = TOP, tests: str = TESTS) -> Record:
    """Make the record of the last run with a release.

    :param release: the number of Nova's release
    :param path: the directory that has ``.stestr``
    :param python: of the environment that the tests ran in
    :param top: where the tests are imported from
    :param tests: the directory of the tests, below it
    :raises NotRecorded: when not each test ran, or with another release
    """
    versions: Record = json.loads(subprocess.check_output(
        [python, '-c', VERSIONS], text=True))
    if str(versions['nova']).partition('.')[0] != str(release):
        raise NotRecorded('%s has Nova %s.' % (python, versions['nova']))
    found, day = read_run(path)
    # Of a class that is left out or fails as a whole, that is all there is.
    whole = tuple(test.removeprefix('setUpClass (').rstrip(')') + '.'
                  for test in found if test.startswith('setUpClass ('))
    listed = list_tests(path, python, top, tests)
    lacking = {test for test in listed - found.keys()
               if not test.startswith(whole)}
    if lacking:
        raise NotRecorded(
            '%d tests did not run with Nova %d, among them %s.'
            % (len(lacking), release, min(lacking)))
    results = list(found.values())
    passed = results.count('success') + results.count('xfail')
    skipped = results.count('skip')
    return {**versions, 'date': day, 'passed': passed,
            'failed': len(results) - passed - skipped, 'skipped': skipped}


def table(records: dict[str, Record]) -> str:
    """Make the table of supported releases.

    :param records: the records of the runs, by the number of the release
    :returns: the table, as reStructuredText
    """
    rows = []
    for release in range(releases.NEWEST, releases.OLDEST - 1, -1):
        found = records.get(str(release))
        if found is None:
            rows.append(ROW % (release, openstack(release), 'any', 'not yet',
                               'no'))
            continue
        rows.append(ROW % (
            found['nova'], openstack(release), found['python'],
            '%s: %s passed, %s failed, %s skipped' % (
                found['date'], found['passed'], found['failed'],
                found['skipped']),
            'no' if found['failed'] else 'yes'))
    return HEADER + ''.join(rows) + '\n'


def openstack(release: int) -> str:
    """Return what OpenStack calls a release of Nova: 34 is 2026.2."""
    if release in NAMES:
        return NAMES[release]
    years, half = divmod(release - 27, 2)
    return '%d.%d' % (2023 + years, half + 1)


def page(text: str, records: dict[str, Record]) -> str:
    """Put the table into a page.

    :param text: the page
    :param records: the records of the runs, by the number of the release
    :returns: the page with this table between its two comments
    """
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table(records) + END + after


def read_records() -> dict[str, Record]:
    """Return the records of the runs, by the number of the release."""
    records: dict[str, Record] = json.loads(RECORDS.read_text())
    return records


def main(argv: list[str]) -> int:
    """Record runs, and make the tables.

    :param argv: the arguments
    :returns: the exit code: 1 if a run is not kept
    """
    options = _parse(argv)
    records = read_records()
    problems = 0
    for release in options.releases:
        environment = TOP / '.tox' / ('functional-nova%d' % release)
        try:
            records[str(release)] = record(
                release, options.path or environment,
                options.python or environment / 'bin' / 'python')
        except (NotRecorded, OSError, subprocess.CalledProcessError) as error:
            problems += 1
            print('Nova %d is not recorded: %s' % (release, error),
                  file=sys.stderr)
    RECORDS.write_text(json.dumps(records, indent=4, sort_keys=True) + '\n')
    for path in PAGES:
        path.write_text(page(path.read_text(), records))
    return min(problems, 1)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    writer = commands.add_parser('write', help='make the tables anew')
    writer.set_defaults(releases=())
    recorder = commands.add_parser(
        'record', help='record the last runs, and make the tables')
    recorder.add_argument(
        'releases', type=int, nargs='*', metavar='RELEASE',
        default=range(releases.OLDEST, releases.NEWEST + 1),
        help='the number of a release of Nova; all, if none is named')
    recorder.add_argument(
        '--from', dest='path', type=pathlib.Path, metavar='DIRECTORY',
        help='what has the .stestr of the run, by default the environment '
        'that tox made for the release')
    recorder.add_argument(
        '--python', type=pathlib.Path,
        help='that of the environment of the run, by default the same')
    return parser.parse_args(argv)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
