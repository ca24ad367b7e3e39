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

"""The header that says why a lock is bypassed."""

import testtools

from nova_lockstatus.core import bypass_reason


class ParseTestCase(testtools.TestCase):

    def test_reasons(self):
        for header, reason in (
                ('ticket 4711', 'ticket 4711'), (' a ', 'a'), ('', None),
                (' ', None), ('x' * 255, 'x' * 255), ('x' * 256, None),
                ('B\xc3\xbccher', 'B\xfccher'), ('\xff', None),
                ('\u20ac', None), ('\xc3\xbc' * 255, '\xfc' * 255)):
            self.assertEqual(reason, bypass_reason.parse(header), header)
