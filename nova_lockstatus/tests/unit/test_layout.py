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

"""Holds the tests to where they are looked for."""

import ast
import pathlib

import testtools

import nova_lockstatus

PACKAGE = pathlib.Path(nova_lockstatus.__file__).parent

TESTS = PACKAGE / 'tests'


def imported(path):
    """Return the dotted names that a module imports, at any depth."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update('%s.%s' % (node.module, alias.name)
                         for alias in node.names)
    return names


def modules_of_tests(folder):
    return sorted(folder.rglob('test_*.py'))


class LayoutTestCase(testtools.TestCase):

    def test_no_module_imports_a_test_module(self):
        """Shared set-up stands in fixtures."""
        modules = {'.'.join(path.relative_to(PACKAGE.parent)
                            .with_suffix('').parts)
                   for path in modules_of_tests(TESTS)}
        for path in TESTS.rglob('*.py'):
            self.assertEqual(set(), {
                name for name in imported(path)
                for module in modules
                if (name + '.').startswith(module + '.')}, path)

    def test_unit_tests_mirror_the_packages(self):
        """unit/a/test_b.py tests a/b.py, or unit/a/test_a.py all of a.

        At the top and in structure stand the tests of the project as a whole.
        """
        unit = TESTS / 'unit'
        for path in modules_of_tests(unit):
            if path.parent.name == 'structure':
                continue
            package = PACKAGE / path.relative_to(unit).parent
            name = path.stem.removeprefix('test_')
            if package != PACKAGE and name != package.name:
                self.assertTrue(
                    (package / (name + '.py')).is_file()
                    or (package / ('__%s__.py' % name)).is_file(),
                    '%s tests no module of %s' % (path, package))

    def test_every_folder_is_a_package(self):
        """stestr finds no tests in others."""
        for path in modules_of_tests(TESTS):
            self.assertTrue((path.parent / '__init__.py').is_file(), path)
