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


"""Holds the pictures of the contributor guide against their sources."""

import hashlib
import pathlib
import re

import testtools

import nova_lockstatus

PACKAGE = pathlib.Path(nova_lockstatus.__file__).parent
GUIDE = PACKAGE.parent / 'doc' / 'source' / 'contributor'
PICTURES = GUIDE / 'pictures'

CHECKSUM = re.compile(r'<!-- Made by tools/pictures\.py from (\S+), '
                      r'sha256: ([0-9a-f]{64}) -->')


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
            self.assertIn(picture.with_suffix('.dot'), sources())
            self.assertIn('.. image:: pictures/%s\n   :alt: ' % picture.name,
                          text)
