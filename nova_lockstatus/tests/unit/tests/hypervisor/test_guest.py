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

import pathlib

import fixtures
import testtools

from nova_lockstatus.tests.hypervisor import guest


class CountsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.console = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'console.log')

    def test_guest_that_has_not_been_started(self):
        self.assertEqual([], guest.counts(self.console))

    def test_number_that_is_being_written(self):
        self.console.write_bytes(
            b'Linux\r\ncount 9\r\ncount 10\r\ncount 1')
        self.assertEqual([9, 10], guest.counts(self.console))
