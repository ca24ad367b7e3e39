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


"""Holds the contributor guide against the code and its pictures."""

import hashlib
import pathlib
import re

import testtools

import nova_lockstatus

PACKAGE = pathlib.Path(nova_lockstatus.__file__).parent
GUIDE = PACKAGE.parent / 'doc' / 'source' / 'contributor'
PICTURES = GUIDE / 'pictures'

PAGES = (GUIDE.parent / 'glossary.rst', *(
    GUIDE / (name + '.rst')
    for name in ('design', 'request', 'host-change', 'why', 'extending')))

CHECKSUM = re.compile(r'<!-- Made by tools/pictures\.py from (\S+), '
                      r'sha256: ([0-9a-f]{64}) -->')

# The plot of a run of the benchmark.
PLOT = '<!-- Made by nova_lockstatus.tests.bench --plot -->'

LITERAL = re.compile(r'``([^`]+)``')
MODULE = re.compile(r'[a-z_/]+(?:/|\.py)')
ELSEWHERE = ('/', 'doc/', 'nova_lockstatus/', 'tests/', 'tools/')
CLASS = re.compile(r'\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b')


def sources():
    return sorted(PICTURES.glob('*.dot'))


class PicturesTestCase(testtools.TestCase):

    def test_each_was_made_from_its_source(self):
        self.assertNotEqual([], sources())
        for source in sources():
            found = CHECKSUM.search(
                source.with_suffix('.svg').read_text(encoding='utf-8'))
            self.assertIsNotNone(found, source.name)
            self.assertEqual(
                (source.name,
                 hashlib.sha256(source.read_bytes()).hexdigest()),
                found.groups(), 'Run tools/pictures.py and commit the SVG.')

    def test_each_has_a_source_and_a_page(self):
        text = ''.join(page.read_text() for page in GUIDE.glob('*.rst'))
        for picture in PICTURES.glob('*.svg'):
            if PLOT not in picture.read_text(encoding='utf-8'):
                self.assertIn(picture.with_suffix('.dot'), sources())
            self.assertIn('.. image:: pictures/%s\n   :alt: ' % picture.name,
                          text)


class NamesTestCase(testtools.TestCase):
    """What the guide names is there, under that name."""

    def setUp(self):
        super().setUp()
        modules = list(PACKAGE.rglob('*.py'))
        self.paths = ['/%s' % path.relative_to(PACKAGE) for path in modules]
        self.code = '\n'.join(
            path.read_text() for path in modules
            if 'tests' not in path.relative_to(PACKAGE).parts)

    def missing(self, text):
        """Return the modules and classes in a text that are not there."""
        modules = [word for word in re.split(r'[\s,]+', text)
                   if MODULE.fullmatch(word)
                   and not word.startswith(ELSEWHERE)]
        return [
            name for name in modules
            if not any('/' + name in path for path in self.paths)
        ] + [name for name in CLASS.findall(text)
             if not re.search(r'\b%s\b' % name, self.code)]

    def test_pages(self):
        self.assertEqual([], [
            (page.name, name) for page in PAGES
            for literal in LITERAL.findall(page.read_text())
            for name in self.missing(literal)])

    def test_pictures(self):
        self.assertEqual([], [
            (source.name, name) for source in sources()
            for name in self.missing(re.sub('<[^>]*>|//.*', ' ',
                                            source.read_text()))])
