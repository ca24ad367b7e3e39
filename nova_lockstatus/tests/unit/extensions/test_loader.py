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

from nova_lockstatus import exception
from nova_lockstatus.extensions import loader
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.tests.fixtures import packages

ALIAS = 'os-server-locked-status'

SOURCE = '''
from nova_lockstatus.extensions import base

class Rack(base.Extension):
    alias = 'x-rack'
    name = 'Rack'
    description = 'Where a server stands.'
    namespace = 'https://example.org/rack'
    updated = '2026-11-21T00:00:00Z'

class Row(Rack):
    alias = 'x-row'

class Nameless(Rack):
    alias = 'x-nameless'
    name = None

class Raises(Rack):
    alias = 'x-raises'

    def __init__(self):
        raise RuntimeError('no such cable')

class Unfinished(base.Extension):
    alias = 'x-unfinished'

class Mute(Rack):
    alias = 'x-mute'

    def describe(self):
        raise RuntimeError('no' + chr(10) + 'words')

class Stranger:
    alias = 'x-stranger'
'''


class LoadExtensionsTestCase(testtools.TestCase):

    def install(self, name='lockstatus_rack', **entry_points):
        self.useFixture(packages.InstalledPackage(
            name, SOURCE,
            {alias.replace('_', '-'): value
             for alias, value in entry_points.items()}))

    def assertBroken(self, alias, words):
        error = self.assertRaises(exception.BrokenExtension,
                                  loader.load_extensions, [alias])
        self.assertIn(alias, str(error))
        self.assertIn(words, str(error))

    def test_own_extension(self):
        [extension] = loader.load_extensions([ALIAS])
        self.assertIsInstance(extension,
                              server_locked_status.ServerLockedStatus)

    def test_none(self):
        self.assertEqual([], loader.load_extensions([]))

    def test_configured_order(self):
        self.install(x_rack='Rack', x_row='Row')
        for aliases in (['x-row', ALIAS, 'x-rack'],
                        ['x-rack', 'x-row', ALIAS]):
            self.assertEqual(aliases, [
                extension.alias
                for extension in loader.load_extensions(aliases)])

    def test_what_is_not_named_is_not_imported(self):
        self.useFixture(packages.InstalledPackage(
            'lockstatus_bomb', 'raise SystemExit("imported")',
            {'x-bomb': 'Bomb'}))
        self.assertEqual(1, len(loader.load_extensions([ALIAS])))

    def test_missing(self):
        error = self.assertRaises(exception.ExtensionNotFound,
                                  loader.load_extensions, ['os-nowhere'])
        self.assertIn("'os-nowhere'", str(error))
        self.assertIn(ALIAS, str(error))

    def test_named_twice(self):
        error = self.assertRaises(exception.DuplicateExtension,
                                  loader.load_extensions, [ALIAS, ALIAS])
        self.assertIn('is enabled 2 times', str(error))

    def test_installed_twice(self):
        self.install(x_rack='Rack')
        self.install(name='lockstatus_rack_too', x_rack='Rack')
        error = self.assertRaises(exception.DuplicateExtension,
                                  loader.load_extensions, ['x-rack'])
        self.assertIn('2 installed packages', str(error))

    def test_no_such_class(self):
        self.install(x_rack='Shelf')
        self.assertBroken('x-rack', 'Shelf')

    def test_does_not_import(self):
        self.useFixture(packages.InstalledPackage(
            'lockstatus_broken', 'import no_such_module',
            {'x-rack': 'Rack'}))
        self.assertBroken('x-rack', 'no_such_module')

    def test_cannot_be_made(self):
        self.install(x_raises='Raises')
        self.assertBroken('x-raises', 'RuntimeError: no such cable')

    def test_identity_is_not_complete(self):
        self.install(x_unfinished='Unfinished', x_nameless='Nameless')
        self.assertBroken('x-unfinished', 'abstract')
        self.assertBroken('x-nameless', 'its name is no text')

    def test_parts_of_another_type(self):
        field = 'base.ServerField(%s, len),'
        cases = (
            ('server_fields', 'None', 'no collection of ServerField'),
            ('server_fields', "('locked',)", 'no collection of ServerField'),
            ('server_fields', field % "3, 'a:rule'", 'its field 3 is no text'),
            ('server_fields', field % "'x', ['a:rule']", "its field 'x' is"),
            ('hypervisor_fields', '(1,)', 'no collection of HypervisorField'),
            ('policies', 'None', 'its policies is no collection'),
            ('policies', "('a:rule',)", 'no collection of RuleDefault'),
            ('instance_attributes', 'None', 'no collection of str'),
            ('instance_attributes', "'host'", 'no collection of str'),
            ('instance_attributes', '(1,)', 'no collection of str'),
            ('system_metadata', 'None', 'no collection of str'),
            ('system_metadata', "('a',)", 'no mapping to functions'),
            ('system_metadata', "{'a': []}", 'no mapping to functions'),
            ('fields', 'property(lambda self: 1 / 0)',
             'ZeroDivisionError: division by zero'))
        classes = {'x-%d' % number: 'Rack%d' % number
                   for number in range(len(cases))}
        self.useFixture(packages.InstalledPackage(
            'lockstatus_racks', SOURCE + ''.join(
                '\nclass %s(Rack):\n    alias = %r\n    %s = %s\n' % (
                    name, alias, part, value)
                for (alias, name), (part, value, _words)
                in zip(classes.items(), cases, strict=True)), classes))
        for alias, (_part, _value, words) in zip(classes, cases, strict=True):
            self.assertBroken(alias, words)

    def test_description_that_raises(self):
        self.install(x_mute='Mute')
        self.assertBroken('x-mute', 'RuntimeError: no words')

    def test_no_extension(self):
        self.install(x_stranger='Stranger')
        self.assertBroken('x-stranger', 'Stranger is no')

    def test_other_alias_than_its_entry_point(self):
        self.install(x_shelf='Rack')
        self.assertBroken('x-shelf', "'x-rack'")
