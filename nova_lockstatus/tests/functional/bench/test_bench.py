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

"""The benchmark runs, with few servers: what it says of them counts here."""

import json
import os
import subprocess
import sys

import fixtures
import testtools

from nova_lockstatus.tests.bench import calls

CELLS = 2
SERVERS = 12

MODULE = 'nova_lockstatus.tests.bench'


def run(*arguments):
    """Run the benchmark on SQLite.

    :returns: the finished process
    """
    env = {key: value for key, value in os.environ.items()
           if key != 'NOVA_LOCKSTATUS_TEST_DATABASE'}
    return subprocess.run([sys.executable, '-m', MODULE, *arguments],
                          capture_output=True, text=True, env=env)


class BenchTestCase(testtools.TestCase):

    def measure(self):
        target = self.useFixture(fixtures.TempDir()).join('new', 'bench.json')
        bench = run('--servers', str(SERVERS), '--hosts', '6', '--cells',
                    str(CELLS), '--runs', '1', '--seconds', '0',
                    '--json', target)
        self.assertEqual(0, bench.returncode, bench.stderr)
        with open(target) as file:
            return json.load(file), bench.stdout

    def test_it_measures_each_call_and_writes_it_down(self):
        result, text = self.measure()
        self.assertEqual([str(call) for call in calls.CALLS],
                         [row['call'] for row in result['calls']])
        self.assertEqual([str(call) for call in calls.APART],
                         [row['call'] for row in result['hooks']])
        for row in result['calls'] + result['hooks']:
            self.assertIn(row['call'], text)
            self.check_row(row)
        for row in result['hooks']:
            for key in ('selects', 'statements', 'bytes'):
                self.assertEqual(row['stock'][key], row['plugin'][key])
        self.assertIn('sqlite', result['about']['database'])
        self.assertIn('os-server-locked-status',
                      result['about']['extensions'])
        self.assertLess(0, result['filter']['dispatch_us'])
        for problem in result['missed']:
            self.assertIn('MISSED: ' + problem, text)
        self.check_servers(*result['calls'][:2])

    def check_row(self, row):
        self.assertEqual(1, row['rounds'])
        for side in (row['stock'], row['plugin']):
            self.assertLess(0, side['ms'])
            self.assertLess(0, side['selects'])
            self.assertLess(side['selects'], side['statements'])
            self.assertLess(0, side['bytes'])
        self.assertEqual(row['plugin']['ms'] / row['stock']['ms'],
                         row['ratio'])
        self.assertEqual(1, round(
            row['control'] * row['times_ms'][0][0] / row['times_ms'][2][0],
            6))

    def check_servers(self, old, new):
        self.assertEqual(SERVERS, old['stock']['items'])
        self.assertLessEqual({'locked', 'locked_by', 'locked_reason'},
                             set(old['adds']))
        self.assertIn('locked_by', new['adds'])
        self.assertNotIn('locked_reason', new['adds'])
        self.assertLess(old['stock']['bytes'], old['plugin']['bytes'])
        more = old['plugin']['selects'] - old['stock']['selects']
        self.assertIn(more, range(1, CELLS + 1))

    def test_numbers_that_make_no_cloud_are_refused(self):
        for arguments in (('--servers', '1'), ('--runs', '0'),
                          ('--hosts', '2', '--cells', '3')):
            bench = run(*arguments)
            self.assertEqual(2, bench.returncode)
            self.assertIn('usage: ', bench.stderr)


class TargetTestCase(testtools.TestCase):

    STOCK = {'ms': 100.0, 'selects': 20}

    def missed(self, target, ms, selects, tolerance=0.01):
        return len(target.missed(CELLS, self.STOCK,
                                 {'ms': ms, 'selects': selects}, tolerance))

    def test_time(self):
        target = calls.Target(ratio=1.03)
        self.assertEqual(0, self.missed(target, 104, 99))
        self.assertEqual(1, self.missed(target, 104.1, 99))
        self.assertEqual(1, self.missed(target, 103.1, 99, tolerance=0))

    def test_selects_beyond_stock(self):
        target = calls.Target(more_selects=1)
        self.assertEqual(0, self.missed(target, 900, 20 + CELLS))
        self.assertEqual(1, self.missed(target, 900, 21 + CELLS))
        self.assertEqual(1, self.missed(calls.Target(more_selects=0), 1, 21))

    def test_selects_whatever_stock_makes(self):
        target = calls.Target(selects=10)
        self.assertEqual(0, self.missed(target, 900, 10 * CELLS))
        self.assertEqual(1, self.missed(target, 900, 10 * CELLS + 1))

    def test_all_that_was_missed_is_told(self):
        target = calls.Target(ratio=1.03, more_selects=1, selects=10)
        self.assertEqual(3, self.missed(target, 900, 99))
