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

from nova_lockstatus.tests.nova_tests import compare

PASSED = compare.Result('success')
FAILED = compare.Result('fail')
WITH_KEY = compare.Result('success', frozenset({'locked'}))


class CompareTestCase(testtools.TestCase):

    def _compare(self, before, after, exceptions=None):
        stock = {} if before is None else {'m.T.test': before}
        plugin = {} if after is None else {'m.T.test': after}
        return compare.compare(stock, plugin, exceptions or {}, ())

    def test_what_ends_alike_is_not_wrong(self):
        self.assertEqual(compare.Report(), self._compare(PASSED, WITH_KEY))

    def test_what_fails_with_the_plugin_alone_is_wrong(self):
        report = self._compare(PASSED, FAILED)
        self.assertEqual(
            ['m.T.test: success on stock Nova, fail with the plugin'],
            report.wrong)

    def test_what_fails_on_stock_nova_is_not_held_against_the_plugin(self):
        report = self._compare(FAILED, FAILED)
        self.assertEqual([], report.wrong)
        self.assertEqual(1, len(report.not_held))

    def test_an_exception_gives_its_reason(self):
        report = self._compare(PASSED, FAILED, {r'm\.T': 'why'})
        self.assertEqual(
            compare.Report(excepted=['m.T.test: why']), report)

    def test_an_exception_that_passes_is_wrong(self):
        report = self._compare(PASSED, PASSED, {r'm\.T': 'why'})
        self.assertEqual(1, len(report.wrong))

    def test_what_runs_once_is_wrong(self):
        for before, after in (PASSED, None), (None, PASSED):
            self.assertEqual(1, len(self._compare(before, after).wrong))

    def test_a_key_that_stock_nova_has_is_wrong(self):
        self.assertEqual(1, len(self._compare(WITH_KEY, PASSED).wrong))

    def test_what_is_listed_and_not_needed_is_stale(self):
        report = compare.compare(
            {'a': PASSED}, {'a': WITH_KEY}, {'^b': 'why'},
            ('locked', 'locked_by'))
        self.assertEqual([
            'No test that ran is the exception ^b',
            'No comparison set the key locked_by aside'], report.stale)
