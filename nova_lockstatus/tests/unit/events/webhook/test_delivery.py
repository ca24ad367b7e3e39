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

from nova_lockstatus.events.webhook import delivery


class AnswerTestCase(testtools.TestCase):

    def test_what_comes_of_an_answer(self):
        for status, accepted, final in (
                (200, True, True), (202, True, True), (204, True, True),
                (302, False, True), (400, False, True), (403, False, True),
                (404, False, True), (410, False, True), (408, False, False),
                (425, False, False), (429, False, False),
                (500, False, False), (503, False, False)):
            self.assertEqual((accepted, final), (
                delivery.is_accepted(status),
                delivery.is_final(status)), status)
