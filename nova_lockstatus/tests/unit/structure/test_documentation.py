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

"""The documentation names all programs, test environments and checks."""

import ast
import configparser
import re
from importlib import metadata

import testtools

from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.unit.structure.source import PACKAGE
from nova_lockstatus.tests.unit.structure.source import TOP


class DocumentationTestCase(testtools.TestCase):

    def test_each_program_has_a_manual_page(self):
        tree = ast.parse((TOP / 'doc' / 'source' / 'conf.py').read_text())
        pages, = (ast.literal_eval(node.value) for node in tree.body
                  if isinstance(node, ast.Assign)
                  and ast.unparse(node.targets[0]) == 'man_pages')
        self.assertEqual(
            set(), metadata.distribution('nova-lockstatus').entry_points
            .select(group='console_scripts').names
            - {page[1] for page in pages})

    def test_each_environment_of_tox_is_named(self):
        tox = configparser.ConfigParser(interpolation=None)
        tox.read(TOP / 'tox.ini')
        text = (TOP / 'CONTRIBUTING.rst').read_text()
        # Those with a release in their name go by their example.
        names = [section.removeprefix('testenv:').partition('{')[0]
                 for section in tox if section.startswith('testenv:')]
        self.assertIn('functional-nova', names)
        self.assertEqual([], [
            name for name in names
            if '``%s``' % name not in text and 'tox -e ' + name not in text])


class GlossaryTestCase(testtools.TestCase):

    def test_words_that_docstrings_send_to_it_are_there(self):
        terms = set(re.findall('(?m)^   (\\S.*)$', (
            TOP / 'doc' / 'source' / 'glossary.rst').read_text()))
        begin = 'Words in doc/source/glossary.rst: '
        words = set()
        for path in PACKAGE.rglob('__init__.py'):
            text = ast.get_docstring(ast.parse(path.read_text())) or ''
            for paragraph in text.split('\n\n'):
                if paragraph.startswith(begin):
                    named = ' '.join(paragraph.split()).removeprefix(begin)
                    words.update(named.removesuffix('.').split(', '))
        self.assertNotEqual(set(), words)
        self.assertEqual(set(), words - terms)


class HackingTestCase(testtools.TestCase):
    """Each rule of HACKING.rst says what checks it."""

    def setUp(self):
        super().setUp()
        text = (TOP / 'HACKING.rst').read_text()
        self.rules = [' '.join(rule.partition('\n\n')[0].split())
                      for rule in text.split('\n* ')[1:]]
        self.assertNotEqual([], self.rules)

    def test_each_rule_ends_with_its_check(self):
        self.assertEqual([], [
            rule for rule in self.rules
            if not re.search(r'\[[^]]+\]\.?$', rule)])

    def test_the_checks_are_there(self):
        ruff = repository.read_toml(TOP / 'pyproject.toml')['tool']['ruff'][
            'lint']
        tests = {path.name for path in (PACKAGE / 'tests').rglob('test_*.py')}
        for check in re.findall(r'\[([^]]+)\]', ' '.join(self.rules)):
            names = check.replace('`', '').replace(',', '').split()
            for name in names:
                if name.startswith('test_'):
                    self.assertIn(name, tests)
                elif re.fullmatch('[A-Z]+[0-9]*', name):
                    self.assertTrue(
                        name.startswith(tuple(ruff['select'])), name)
                    self.assertNotIn(name, ruff['ignore'])
                else:
                    self.assertIn(name, ('not', 'checked', 'ruff', 'mypy',
                                         'doc8'))
