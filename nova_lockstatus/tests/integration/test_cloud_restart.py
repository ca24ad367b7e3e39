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

"""nova-api loses the filter, and gets it again, while clients call."""

from nova_lockstatus.tests.integration.cloud import case
from nova_lockstatus.tests.integration.cloud import clients

CLIENTS = 4


class RestartTestCase(case.CloudTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers = [
            cls.boot('server%d' % number, cell='cell%d' % (number % 2 + 1))
            for number in range(CLIENTS)]

    def setUp(self):
        super().setUp()
        self.on = True
        self.addCleanup(self.bring_back)

    def bring_back(self):
        if not self.on:
            self.cloud.restart_api(True)

    def assert_switched(self, answered, before, after):
        self.assertEqual([], answered['failures'])
        self.assertGreater(
            sum(map(len, answered['seconds'].values())), 10 * CLIENTS)
        for shown in answered['shown']:
            self.assertEqual(before, shown[0])
            self.assertEqual(after, shown[-1])

    def test_off_and_on(self):
        for on in (False, True):
            with clients.calling(self.cloud, self.servers) as answered:
                self.show_often(not on)
                self.on = on
                self.cloud.restart_api(on)
                self.show_often(on)
            self.assert_switched(answered, not on, on)

    def show_often(self, on):
        """Let the clients call for a while, and see what all workers do."""
        for _ in range(10):
            self.assertEqual(on, 'locked_by' in self.server(self.servers[0]))
