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

from nova_lockstatus.tests.soak import __main__ as soak


class WarmUpTestCase(testtools.TestCase):

    def warm(self, calls, answered):
        self.lasted = []

        def call(seconds):
            self.lasted.append(seconds)
            return {'failures': ['of call %d' % len(self.lasted)],
                    'seconds': {'show': [0.1] * answered,
                                'lock': [0.2] * answered}}

        return soak.warm(call, calls)

    def test_until_enough_is_answered(self):
        self.assertEqual(['of call 1', 'of call 2'], self.warm(7, 2))
        self.assertEqual([soak.PIECE, soak.PIECE], self.lasted)
        self.assertEqual(['of call 1'], self.warm(4, 2))

    def test_ends_where_nothing_is_answered(self):
        self.assertEqual(['of call 1'], self.warm(7, 0))

    def test_none(self):
        self.assertEqual([], self.warm(0, 2))
        self.assertEqual([], self.lasted)
