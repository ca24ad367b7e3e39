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

import testtools

from nova_lockstatus.tests.soak import memory
from nova_lockstatus.tests.soak import report


def a_phase(**values):
    return {'with_filter': True, 'lasted': 10, 'failures': [], 'gone': False,
            'seconds': {'show': [0.1, 0.2, 0.4], 'lock': [0.5, 0.5]},
            'sizes': [[100, 100, 101, 102, 102]], **values}


class ReportTestCase(testtools.TestCase):

    def test_growth(self):
        self.assertEqual((2, 9), memory.growth(
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 8, 9, 9]))
        self.assertEqual((5, 5), memory.growth([5]))

    def test_nothing_is_missed(self):
        self.assertEqual([], report.missed([
            a_phase(with_filter=False, sizes=[[100, 200]]), a_phase()]))

    def test_failures_are_counted(self):
        self.assertEqual(
            ['phase 1, with the filter: failed 2 times: a',
             'phase 1, with the filter: failed 1 times: b'],
            report.missed([a_phase(failures=['a', 'b', 'a'])]))
        self.assertEqual(
            ['phase 2, without the filter: failed 1 times: a'],
            report.missed([a_phase(), a_phase(
                with_filter=False, failures=['a'])]))

    def test_worker_that_grows(self):
        self.assertEqual(
            ['phase 1, with the filter: a worker has grown from 100.0 to '
             '103.0 MiB'],
            report.missed([a_phase(sizes=[[100] * 9, [100, 101, 103]])]))

    def test_worker_that_ends(self):
        self.assertEqual(
            ['phase 1, with the filter: a worker of nova-api has ended'],
            report.missed([a_phase(gone=True)]))

    def test_tables(self):
        stock = a_phase(with_filter=False, lasted=5,
                        seconds={'show': [0.1, 0.1, 0.1], 'lock': [0.5, 0.5]})
        text = report.render([stock, a_phase(failures=['a']), stock])
        lines = [[word.strip() for word in line.split('|')[1:-1]]
                 for line in text.splitlines()]
        self.assertIn(['2, with the filter', '10', '5', '0.5', '1',
                       '100.0 -> 102.0'], lines)
        self.assertIn(['show', '6 / 3', '100 / 200', '100 / 360', '100 / 396',
                       '100 / 400', '2.000', '1.000'], lines)
        self.assertIn(['lock', '4 / 2', *['500 / 500'] * 4, '1.000', '1.000'],
                      lines)
        self.assertTrue(text.endswith(
            'MISSED: phase 2, with the filter: failed 1 times: a'))
