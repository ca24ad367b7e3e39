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

"""Each extension alias has its files and its policy rules."""

from importlib import metadata

import testtools

from nova_lockstatus import policies
from nova_lockstatus.extensions import loader
from nova_lockstatus.policies import lockstatus
from nova_lockstatus.tests.unit.structure.source import PACKAGE
from nova_lockstatus.tests.unit.structure.source import TOP

# Which Nova itself asks for the same key.
NOVAS_RULES = {
    'os_compute_api:servers:show:host_status',
    'os_compute_api:servers:show:host_status:unknown-only',
}


def aliases():
    return sorted(point.name for point in metadata.distribution(
        'nova-lockstatus').entry_points.select(group=loader.NAMESPACE))


class OneNounOneNameTestCase(testtools.TestCase):
    """Each alias is found under one name in every layer."""

    def test_each_alias_has_its_files(self):
        self.assertNotEqual([], aliases())
        for alias in aliases():
            noun = alias.removeprefix('os-').replace('-', '_')
            for path in (
                    PACKAGE / 'extensions' / (noun + '.py'),
                    PACKAGE / 'policies' / (noun + '.py'),
                    TOP / 'doc' / 'source' / 'api-ref' / (alias + '.rst')):
                self.assertTrue(path.is_file(), path)
            self.assertEqual(
                1, len(list((PACKAGE / 'tests' / 'functional').rglob(
                    'every-*api/%s.yaml' % alias))), alias)

    def test_each_extension_brings_the_rules_of_its_module(self):
        brought = [rule.name
                   for extension in loader.load_extensions(aliases())
                   for rule in extension.policies]
        common = [rule.name for rule in lockstatus.RULES]
        self.assertEqual([rule.name for rule in policies.list_rules()],
                         common + brought)

    def test_each_field_asks_a_rule_of_its_own_extension(self):
        for extension in loader.load_extensions(aliases()):
            names = {rule.name for rule in extension.policies}
            for rule in (rule for field in extension.fields
                         for rule in field.rules):
                if rule not in NOVAS_RULES:
                    self.assertIn(rule, names)
                    self.assertTrue(rule.startswith(
                        'os_compute_api:%s:' % extension.alias))
