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

"""Make the pictures of the contributor guide from their Graphviz sources.

Each ``.dot`` file becomes the ``.svg`` file beside it, with the checksum of
its source in a comment. Needs the program ``dot``: on Debian and Ubuntu,
``apt-get install graphviz``.
"""

import hashlib
import pathlib
import subprocess
import sys

PICTURES = (pathlib.Path(__file__).resolve().parents[1]
            / 'doc' / 'source' / 'contributor' / 'pictures')

COMMENT = '<!-- Made by tools/pictures.py from %s, sha256: %s -->\n'


def render(source: pathlib.Path) -> str:
    """Make the SVG of a picture.

    :param source: the ``.dot`` file
    :returns: the SVG, with the checksum of its source
    """
    svg = subprocess.run(
        ['dot', '-Tsvg', source], check=True, capture_output=True,
        encoding='utf-8').stdout
    declaration, rest = svg.split('\n', 1)
    checksum = hashlib.sha256(source.read_bytes()).hexdigest()
    return '%s\n%s%s' % (
        declaration, COMMENT % (source.name, checksum), rest)


def main() -> int:
    """Make all pictures."""
    for source in sorted(PICTURES.glob('*.dot')):
        source.with_suffix('.svg').write_text(render(source),
                                              encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
