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

import time

import testtools

from nova_lockstatus import exception
from nova_lockstatus.core import filter_values

KNOWN = ('UP', 'UNKNOWN', 'DOWN', '')


class ParseTestCase(testtools.TestCase):

    def test_values(self):
        for text, expected in (
                ('UP', {'UP'}), ('', {''}), ('UP,UP', {'UP'}),
                ('UP,DOWN', {'UP', 'DOWN'}), ('UP,', {'UP', ''}),
                ('UP,DOWN,UNKNOWN,', set(KNOWN))):
            self.assertEqual(expected,
                             filter_values.parse('state', text, KNOWN))

    def test_other_values(self):
        for text, wrong in (
                ('up', 'up'), ('UP,x', 'x'), ('UP,x,DOWN', 'x'),
                (' UP', ' UP'), ('UP;DOWN', 'UP;DOWN'), ('z,a', 'a'),
                ("it's", "it's")):
            error = self.assertRaises(
                exception.InvalidSearch, filter_values.parse, 'state', text,
                KNOWN)
            self.assertEqual(
                'Invalid input for query parameters state. Value: %s. %r is '
                "not one of ['UP', 'UNKNOWN', 'DOWN', '']" % (wrong, wrong),
                str(error))


class MatchingTestCase(testtools.TestCase):

    def matching(self, expression):
        return filter_values.matching('who', expression, ('owner', 'admin'))

    def test_values(self):
        for expression, expected in (
                ('admin', {'admin'}), ('own', {'owner'}), ('^a', {'admin'}),
                ('ADMIN', {'admin'}), ('', {'owner', 'admin'}),
                ('admin|owner', {'owner', 'admin'}), ('n', {
                    'owner', 'admin'}), ('\\u0041', {'admin'}),
                ('^(own|adm)(er|in)$', {'owner', 'admin'}),
                ('[^a-d]{5}', {'owner'}), ('a{1,65536}', {'admin'})):
            self.assertEqual(expected, self.matching(expression), expression)

    def test_no_expression(self):
        for expression in ('*', '(', 'a{%d}' % (1 << 40)):
            error = self.assertRaises(exception.InvalidExpression,
                                      self.matching, expression)
            self.assertEqual(
                'Invalid input for query parameters who. Value: %s. %r is '
                "not a 'regex'" % (expression, expression), str(error))

    def test_expression_that_could_take_long(self):
        for expression in ('(own)*', '((((.?){9}){9}){9}){9}x', '(a|)+min',
                           '(' * 300 + 'own' + ')' * 300, 'o' * 33):
            self.assertRaises(exception.InvalidExpression,
                              self.matching, expression)

    def test_the_worst_that_is_tried_takes_no_time(self):
        for part in ('.*', '.?', '(||)', '(.|)', '(?=.*)', '.{0,9}'):
            expression = part * (31 // len(part)) + 'x'
            began = time.process_time()
            self.assertRaises(exception.UnmatchedExpression,
                              self.matching, expression)
            self.assertLess(time.process_time() - began, 1, expression)

    def test_expression_that_matches_none(self):
        error = self.assertRaises(exception.UnmatchedExpression,
                                  self.matching, 'bob')
        self.assertEqual(
            "Invalid input for query parameters who. Value: bob. 'bob' "
            "matches none of ['owner', 'admin']", str(error))
