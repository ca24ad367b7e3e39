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

from nova_lockstatus.tests.tempest import runs

PASSED = runs.Result('success', '')
FAILED = runs.Result('fail', 'AssertionError')
REFUSED = runs.Result(
    'fail', "Details: Additional properties are not allowed ('locked' was "
            'unexpected)')


class ResultsTestCase(testtools.TestCase):

    def test_what_ends_alike_is_not_different(self):
        self.assertEqual([], runs.differences(
            {'a': PASSED, 'b': FAILED}, {'a': PASSED, 'b': REFUSED}))

    def test_what_fails_with_the_plugin_alone_is_different(self):
        self.assertEqual(
            ['a: success on stock Nova, fail with the plugin'],
            runs.differences({'a': PASSED}, {'a': REFUSED}))

    def test_what_passes_with_the_plugin_alone_is_different(self):
        self.assertEqual(
            ['a: fail on stock Nova, success with the plugin'],
            runs.differences({'a': FAILED}, {'a': PASSED}))

    def test_what_runs_once_is_different(self):
        self.assertEqual([
            'a: success on stock Nova, did not run with the plugin',
            'b: did not run on stock Nova, success with the plugin',
        ], runs.differences({'a': PASSED}, {'b': PASSED}))

    def test_what_failed_is_named(self):
        self.assertEqual(['b', 'c'], runs.failed(
            {'c': REFUSED, 'a': PASSED, 'b': FAILED}))

    def test_what_ended_otherwise_is_named(self):
        self.assertEqual(['b: fail', 'c: skip'], runs.other_than('success', {
            'c': runs.Result('skip', ''), 'a': PASSED, 'b': FAILED}))

    def test_only_a_refused_key_shows_that_keys_are_refused(self):
        self.assertEqual(['a', 'b'], runs.without_schema_error(
            {'c': REFUSED, 'b': PASSED, 'a': FAILED}))
