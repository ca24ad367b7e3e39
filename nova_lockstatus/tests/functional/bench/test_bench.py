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

import importlib.util
import json
import os
import subprocess
import sys

import fixtures
import testtools
from nova.api.openstack.compute import servers

from nova_lockstatus.tests.bench import calls

CELLS = 2
SERVERS = 12

MODULE = 'nova_lockstatus.tests.bench'


# The benchmark, with servers whose hints Nova's schema refuses.
INVALID = """\
import sys
from nova_lockstatus.tests.bench import __main__ as bench, cloud
cloud.HINTS = {'group': ['not a uuid']}
sys.exit(bench.main(sys.argv[1:]))
"""


def run(*arguments, program=('-m', MODULE)):
    """Run the benchmark on SQLite.

    :param program: what Python runs
    :returns: the finished process
    """
    env = {key: value for key, value in os.environ.items()
           if key != 'NOVA_LOCKSTATUS_TEST_DATABASE'}
    return subprocess.run([sys.executable, *program, *arguments],
                          capture_output=True, text=True, env=env)


class BenchTestCase(testtools.TestCase):

    def measure(self):
        folder = self.useFixture(fixtures.TempDir())
        self.json = folder.join('new', 'bench.json')
        self.rst = folder.join('bench.inc')
        self.plot = folder.join('bench.svg')
        bench = run('--servers', str(SERVERS), '--hosts', '6', '--cells',
                    str(CELLS), '--runs', '1', '--seconds', '0',
                    '--sizes', str(SERVERS), '--json', self.json)
        self.assertEqual(0, bench.returncode, bench.stderr)
        with open(self.json) as file:
            return json.load(file), bench.stdout

    def test_it_measures_each_call_and_writes_it_down(self):
        result, text = self.measure()
        latest = result['about']['latest']
        known = [call for call in calls.CALLS if call.is_known(latest)]
        self.assertEqual([str(call) for call in known],
                         [row['call'] for row in result['calls']])
        for row in result['calls']:
            self.assertIn(row['call'], text)
            self.check_row(row)
        self.check_growth(result, [str(call) for call in known if call.grows])
        self.check_rst(result)
        self.check_plot()
        self.assertIn('sqlite', result['about']['database'])
        self.assertIn('os-server-locked-status',
                      result['about']['extensions'])
        self.assertLess(0, result['filter']['dispatch_us'])
        self.assertTrue(result['about']['compiled'])
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
        for name, samples in (('control', row['times_ms']),
                              ('work_control', row['work_ms'])):
            self.assertEqual(
                1, round(row[name] * samples[0][0] / samples[2][0], 6))

    def check_growth(self, result, names):
        self.assertEqual([SERVERS],
                         [one['servers'] for one in result['growth']])
        for one in result['growth']:
            self.assertEqual(names, [row['call'] for row in one['calls']])
            for row in one['calls']:
                self.assertEqual(one['servers'], row['stock']['items'])

    def check_rst(self, result):
        bench = run('--read', self.json, self.json, '--rst', self.rst)
        self.assertEqual(0, bench.returncode, bench.stderr)
        with open(self.rst) as file:
            text = file.read()
        tables = text.split('.. list-table::\n')[1:]
        self.assertEqual(
            [len(result['calls']), len(result['calls']),
             sum(len(one['calls']) for one in result['growth'])],
            [table.count('\n   * - ') - 1 for table in tables])
        self.assertLessEqual(max(map(len, text.splitlines())), 79)

    def check_plot(self):
        bench = run('--read', self.json, '--plot', self.plot)
        if importlib.util.find_spec('matplotlib') is None:
            self.assertEqual(2, bench.returncode)
            self.assertIn('bench-requirements.txt', bench.stderr)
            return
        self.assertEqual(0, bench.returncode, bench.stderr)
        with open(self.plot) as file:
            text = file.read()
        self.assertIn('<!-- Made by nova_lockstatus.tests.bench', text)
        self.assertIn('GET /servers/detail 2.1<', text)

    def check_servers(self, old, new):
        self.assertEqual(SERVERS, old['stock']['items'])
        self.assertLessEqual({'locked', 'locked_by', 'locked_reason'},
                             set(old['adds']))
        self.assertIn('locked_by', new['adds'])
        self.assertNotIn('locked_reason', new['adds'])
        self.assertLess(old['stock']['bytes'], old['plugin']['bytes'])
        more = old['plugin']['selects'] - old['stock']['selects']
        self.assertIn(more, range(1, CELLS + 1))

    def test_it_refuses_to_measure_an_invalid_answer(self):
        bench = run('--servers', '2', '--hosts', '1', '--runs', '1',
                    '--only', 'servers/detail latest',
                    program=('-c', INVALID))
        # Nova 33 is the first with schemas of servers' responses.
        validated = hasattr(servers.ServersController.detail,
                            'response_body_schemas')
        self.assertEqual(2 if validated else 0, bench.returncode, bench.stderr)
        self.assertEqual(validated, 'cannot be measured: /servers/detail'
                         in bench.stderr)

    def test_numbers_that_make_no_cloud_are_refused(self):
        for arguments in (('--servers', '1'), ('--runs', '0'),
                          ('--hosts', '2', '--cells', '3'),
                          ('--sizes', '10,1'), ('--sizes', 'many'),
                          ('--plot', 'plot.svg')):
            bench = run(*arguments)
            self.assertEqual(2, bench.returncode)
            self.assertIn('usage: ', bench.stderr)


class TargetTestCase(testtools.TestCase):

    def missed(self, target, selects=20, tolerance=0.01, **ratios):
        return len(target.missed(CELLS, {
            'stock': {'selects': 20}, 'plugin': {'selects': selects},
            'ratio': 0.4, 'work_ratio': 0.4, 'tolerance': tolerance,
            'work_tolerance': tolerance, **ratios}))

    def test_time_and_work(self):
        target = calls.Target(ratio=0.5)
        for name in ('ratio', 'work_ratio'):
            self.assertEqual(0, self.missed(target, **{name: 0.504}))
            self.assertEqual(1, self.missed(target, **{name: 0.506}))
            self.assertEqual(
                1, self.missed(target, tolerance=0, **{name: 0.504}))
        self.assertEqual(2, self.missed(target, ratio=1, work_ratio=1))

    def test_selects_beyond_stock(self):
        target = calls.Target(more_selects=1)
        self.assertEqual(0, self.missed(target, 20 + CELLS, ratio=9))
        self.assertEqual(1, self.missed(target, 21 + CELLS, ratio=9))
        self.assertEqual(1, self.missed(calls.Target(more_selects=0), 21))

    def test_selects_whatever_stock_makes(self):
        target = calls.Target(selects=10)
        self.assertEqual(0, self.missed(target, 10 * CELLS))
        self.assertEqual(1, self.missed(target, 10 * CELLS + 1))

    def test_all_that_was_missed_is_told(self):
        target = calls.Target(ratio=0.5, more_selects=1, selects=10)
        self.assertEqual(4, self.missed(target, 99, ratio=1, work_ratio=1))

    def test_microversions_of_older_releases(self):
        call = calls.Call('/servers/detail', '2.96', 'servers')
        self.assertFalse(call.is_known('2.95'))
        self.assertTrue(call.is_known('2.96'))
        self.assertTrue(call.is_known('2.104'))
        self.assertTrue(
            calls.Call('/servers', calls.LATEST, 'servers').is_known('2.95'))
