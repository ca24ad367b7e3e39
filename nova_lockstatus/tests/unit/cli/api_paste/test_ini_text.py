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

import configparser
import io

import hypothesis
import testtools
from hypothesis import strategies

from nova_lockstatus.cli.api_paste import ini_text

LINE_ENDS = strategies.sampled_from(['\n', '\r\n', '\r'])

# What a parser could take for something else.
PIECES = strategies.sampled_from([
    '[a]', '[b] ', '[DEFAULT]', 'x = 1', 'y: two words', 'z=', 'x == 3',
    '# c', '; c', '  # c', '  [a]', '  deep', '\tdeeper x = 1',
    '      deepest', '', '   ', '\t', 'odd = \x0b\x85\u2028 end', ' x = 1',
    '=', 'k = # v', '[c]]d]', '[]',
])

TEXTS = strategies.tuples(
    strategies.lists(PIECES, max_size=12), LINE_ENDS, strategies.booleans(),
).map(lambda drawn: drawn[1].join(drawn[0]) + drawn[1] * drawn[2])


def parse(text):
    parser = configparser.ConfigParser(interpolation=None)
    setattr(parser, 'optionxform', str)  # noqa: B010
    parser.read_file(io.StringIO(text, newline=None))
    return parser


class ScanTestCase(testtools.TestCase):

    @hypothesis.settings(database=None, deadline=None, max_examples=500)
    @hypothesis.given(TEXTS)
    def test_it_reads_what_configparser_reads(self, text):
        try:
            parser = parse(text)
        except configparser.Error:
            return
        scanned = ini_text.scan(text)
        self.assertEqual(set(parser.sections()), set(scanned) - {'DEFAULT'})
        for name in parser.sections():
            self.assertEqual(
                set(parser.options(name)) - set(parser.defaults()),
                set(scanned[name].options) - set(parser.defaults()))
            for option, found in scanned[name].options.items():
                self.assertEqual(parser.get(name, option).split(),
                                 [word.text for word in found.words])
                for word in found.words:
                    self.assertEqual(word.text, text[word.start:word.end])

    def test_lines_are_those_of_a_file(self):
        text = 'a\r\nb\rc\nd\x0b\x85\u2028e'
        self.assertEqual(
            ['a\r\n', 'b\r', 'c\n', 'd\x0b\x85\u2028e'],
            [line for _, line in ini_text.lines(text)])
        self.assertEqual([0, 3, 5, 7], [at for at, _ in ini_text.lines(text)])


class WordsTestCase(testtools.TestCase):

    def last(self, text):
        return ini_text.scan(text)['s'].options['o'].words[-1]

    def test_insert_and_remove(self):
        for text, expected in (
                ('[s]\no = a b', '[s]\no = a new b'),
                ('[s]\no=b', '[s]\no=new b'),
                ('[s]\no = a\n  b\n', '[s]\no = a\n  new\n  b\n'),
                ('[s]\r\no =\r\n\tb \r\n', '[s]\r\no =\r\n\tnew\r\n\tb \r\n'),
                ('[s]\no = x\n # c\n\n  a b', '[s]\no = x\n # c\n\n  a new b'),
                ('[s]\ro : a \t b\r', '[s]\ro : a \t new b\r')):
            edited = ini_text.insert_before(text, self.last(text), 'new')
            self.assertEqual(expected, edited)
            new = next(word for word in
                       ini_text.scan(edited)['s'].options['o'].words
                       if word.text == 'new')
            self.assertEqual(text, ini_text.remove_word(edited, new))

    def test_remove_what_stands_by_hand(self):
        for text, expected in (
                ('[s]\no = a new  b', '[s]\no = a b'),
                ('[s]\no = new\n  b', '[s]\no =\n  b'),
                ('[s]\no = a  new \n  b', '[s]\no = a \n  b'),
                ('[s]\no = a\n  new  \n  # c\n  b', '[s]\no = a\n  # c\n  b')):
            new = next(word for word in
                       ini_text.scan(text)['s'].options['o'].words
                       if word.text == 'new')
            self.assertEqual(expected, ini_text.remove_word(text, new))


class BlocksTestCase(testtools.TestCase):

    def test_append_and_cut(self):
        for text, expected in (
                ('[s]\na = b\n', '[s]\na = b\n\n[t]\nc = d\n'),
                ('[s]\na = b', '[s]\na = b\n\n[t]\nc = d'),
                ('[s]\na = b\n\n\n', '[s]\na = b\n\n\n\n[t]\nc = d\n'),
                ('[s]\na = b\n  ', '[s]\na = b\n  \n\n[t]\nc = d'),
                ('[s]\r\na = b', '[s]\r\na = b\r\n\r\n[t]\r\nc = d'),
                ('[s]\ra = b\r', '[s]\ra = b\r\r[t]\rc = d\r')):
            edited = ini_text.append_lines(text, ('[t]', 'c = d'))
            self.assertEqual(expected, edited)
            section = ini_text.scan(edited)['t']
            self.assertEqual(text, ini_text.cut_lines(
                edited, section.start, section.options['c'].end))

    def test_cut_between_others(self):
        for text, expected in (
                ('[s]\n\n[t]\nc = d\n\n[u]\n', '[s]\n\n[u]\n'),
                ('[s]\n[t]\nc = d\n[u]\n', '[s]\n[u]\n'),
                ('[t]\nc = d\n# of u\n[u]\n', '# of u\n[u]\n'),
                ('\n[t]\nc = d\n[u]\n', '[u]\n')):
            section = ini_text.scan(text)['t']
            self.assertEqual(expected, ini_text.cut_lines(
                text, section.start, section.options['c'].end))
