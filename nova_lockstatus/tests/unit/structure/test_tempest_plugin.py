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

"""The plugin for Tempest stands alone, and its tests are as Tempest's are."""

import ast
import re

import testtools

from nova_lockstatus.tests.unit.structure import source

UUID = r"decorators\.idempotent_id\('(\w{8}-\w{4}-4\w{3}-\w{4}-\w{12})'\)"


def ids_of_tests():
    """Yield each test with the ids that its decorators give it."""
    for module in source.tempest_plugin():
        for name, function in source.functions(module):
            if function.name.startswith('test_'):
                yield '%s.%s' % (module.name, name), [
                    found[1] for decorator in function.decorator_list
                    if (found := re.fullmatch(UUID, ast.unparse(decorator)))]


class TempestPluginTestCase(testtools.TestCase):

    def test_it_imports_nothing_of_the_server_side(self):
        self.assertEqual([], [
            '%s imports %s' % (module.at(imported.line), imported.name)
            for module in source.tempest_plugin()
            for imported in module.imports
            if source.is_within(imported.name, source.OWN, 'nova')])

    def test_each_test_has_an_id_of_its_own(self):
        tests = dict(ids_of_tests())
        self.assertEqual([], [name for name, found in tests.items()
                              if len(found) != 1])
        self.assertEqual(len(tests), len({id for id, in tests.values()}))
        self.assertIn(
            source.TEMPEST_PLUGIN + '.tests.test_server_lock.'
            'ServerLockFieldsTest.test_fields_at_v2', tests)
