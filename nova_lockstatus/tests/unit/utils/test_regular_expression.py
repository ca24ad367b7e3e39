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

import random
import re
import warnings

import testtools

from nova_lockstatus.utils import regular_expression

WORDS = ('admin', 'owner')

EXPRESSIONS = (
    'admin', 'owner', 'admin|owner', '^a', 'r$', 'own', 'a.*n', 'ADMIN',
    '[a-d]', '[^a-d]{5}', '[A-Z]{5}', '[^A-Z]', '[^\\W]', '\\d', '\\D{5}',
    '\\s', '[\\S]{5}', '(?i:ADMIN)', '(?-i:ADMIN)', '(?-i:[A-Z])',
    '\\u0041', '(?u:x)', '(?x) a d # min', 'a{1,65536}', '\U0001f512', '',
    ' ', '|', '$^', '.{5}', '.{6}', '.{4,}', '(ad){2}', 'x*', 'a??d',
    '(a|)*min', '(?:){3}', '(?#c)a', '(?!)', '(?P<x>a)', '(?=a)..m',
    '(?!admin)', '(?<=d)m', '(?<!d)m', '\\badmin\\b', '\\Badmin', '\\Bm',
    '\\Aadmin\\Z', '(' * 50 + 'a' + ')' * 50)

PARTS = ('a', 'd', 'n', 'o', '.', '(', '(?:', ')', '|', '*', '+', '?', '??',
         '{2}', '{0,3}', '[ad]', '[^ow]', '^', '$', '\\b', '\\B', '\\w',
         '\\W', '(?=', '(?!', '(?<=', 'A', '(?i:', '(?-i:')

HARMLESS = 1000
"""How many expressions out of these parts are tried."""


class FindTestCase(testtools.TestCase):

    def assert_finds_as_python(self, expression):
        for word in WORDS:
            self.assertEqual(
                re.search(expression, word, re.IGNORECASE) is not None,
                regular_expression.find(expression, word),
                (expression, word))

    def test_as_python(self):
        for expression in EXPRESSIONS:
            self.assert_finds_as_python(expression)

    def test_as_python_with_whatever_there_is(self):
        dice = random.Random(19)
        tried = 0
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            while tried < HARMLESS:
                expression = ''.join(dice.choices(PARTS, k=dice.randint(1, 8)))
                try:
                    self.assert_finds_as_python(expression)
                except (re.error, regular_expression.NotSupported):
                    continue
                tried += 1

    def test_expressions_with_more_ways_than_can_be_tried(self):
        for expression in ('((((.?){9}){9}){9}){9}x', '(a|a?)*' * 900 + 'x',
                           '(.*)*' * 900 + 'x', '((.{0,9}){99}){4294967294}x'):
            self.assertFalse(regular_expression.find(expression, 'admin'))

    def test_no_expression(self):
        for expression in ('*', '(', '[', '(?<=a*)b', '\\u00', '(?P<a>'):
            self.assertRaises(re.error, regular_expression.find, expression,
                              'admin')
        self.assertRaises(OverflowError, regular_expression.find,
                          'a{%d}' % (1 << 40), 'admin')
        self.assertRaises(RecursionError, regular_expression.find,
                          '(' * 5000 + ')' * 5000, 'admin')

    def test_what_needs_another_way_of_searching(self):
        for expression in ('(a)\\1', '(?>a)', 'a++', '(a)?(?(1)d|o)'):
            self.assertRaises(regular_expression.NotSupported,
                              regular_expression.find, expression, 'admin')
