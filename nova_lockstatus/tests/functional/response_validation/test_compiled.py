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

"""What the compiled schemas accept, Nova's validators accept too.

``tox -e fuzz`` compares many more bodies.
"""

import hypothesis
import testtools
from hypothesis import strategies as st
from nova.api.validation import validators

from nova_lockstatus.core import response_validation
from nova_lockstatus.core import value_formats
from nova_lockstatus.tests.fixtures import releases
from nova_lockstatus.tests.fuzz import response_bodies

INPUTS = 2000
SEED = 0


@testtools.skipUnless(releases.VALIDATES_RESPONSES,
                      'this Nova validates no responses')
class CompiledTestCase(testtools.TestCase):

    def test_what_is_accepted_is_valid(self):
        comparison = response_bodies.Comparison(SEED)
        comparison.feed(INPUTS)
        self.assertEqual([], comparison.findings)
        self.assertLess(INPUTS / 5, comparison.accepted)
        # What is valid, and accepted by Nova alone, costs time.
        self.assertLess(comparison.left_to_nova, INPUTS / 50)

    def test_nearly_all_schemas_are_compiled(self):
        formats = value_formats.Formats(validators._FORMAT_CHECKER)
        left = {name for name, schema in response_bodies.schemas()
                if response_validation.compile_schema(schema, formats) is None}
        # A choice with numbers that are rounded, and a misspelt keyword.
        self.assertEqual(set(), left - {'SimpleTenantUsageController.show',
                                        'ServersController._action_rebuild'})

    def test_plain_values_are_valid(self):
        for name, (pattern, example) in value_formats._PLAIN.items():
            self.assertTrue(
                validators._FORMAT_CHECKER.conforms(example, name))
            self.check(name, st.from_regex(pattern, fullmatch=True))

    def check(self, name, values):
        @hypothesis.settings(max_examples=300, deadline=None, database=None,
                             derandomize=True)
        @hypothesis.given(values)
        def conforms(value):
            self.assertTrue(
                validators._FORMAT_CHECKER.conforms(value, name), value)

        conforms()
