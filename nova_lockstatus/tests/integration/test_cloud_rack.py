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

"""A rack fails: all servers of its hosts are told, whatever fails as well."""

import signal
import time

from testtools import content

from nova_lockstatus.tests.integration.cloud import case
from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import listener
from nova_lockstatus.tests.integration.cloud import nova_config
from nova_lockstatus.tests.integration.cloud import rows

HOSTS = 50
"""The hosts of each cell that fail. One of each cell goes on."""

SERVERS = 50
"""The servers of each of them."""

EVERYBODY = 2 * HOSTS * SERVERS

LOST = "SELECT count(*) FROM host_statuses WHERE status = 'UNKNOWN'"

WAITING = 'SELECT count(*) FROM announcements'

WATCHES = ('watch-1', 'watch-2')


class RackTestCase(case.CloudTestCase):

    def setUp(self):
        super().setUp()
        self.listener = listener.Listener(engines.transport_url(
            self.cloud.name + 'top'))
        self.addCleanup(self.listener.stop)
        self.sent = self.listener.heard[listener.EVENT]
        for name in WATCHES:
            self.cloud.nova.start_watch(name)
            self.addCleanup(self.cloud.nova.stop_watch, name)
        for name in WATCHES:
            self.cloud.processes.wait_for_log(name, 'is running')
        for cell in nova_config.CELLS:
            self.add_rack(cell)
        self.wait_for_known(2 * HOSTS + 2, 'UP')
        self.listener.forget()

    def add_rack(self, cell):
        schema = self.cloud.name + cell
        prefix = '%s%s-' % (rows.PREFIX, cell)
        self.addCleanup(rows.remove_hosts, schema)
        self.addCleanup(rows.remove_servers, schema)
        for number in range(HOSTS):
            rows.add_servers(schema, '%s%d' % (prefix, number), SERVERS)
        rows.add_hosts(schema, HOSTS, prefix)

    def wait_for(self, what, condition, timeout=60):
        return self.cloud.processes.wait_for(what, condition, timeout)

    def wait_for_known(self, count, status):
        self.wait_for('%d hosts are known as %s' % (count, status),
                      lambda: engines.select(
                          self.cloud.name + 'store', 'SELECT count(*) FROM '
                          "host_statuses WHERE status = '%s'" % status
                      ) == [count])

    def lose_heartbeats(self):
        """Have all hosts lose their heartbeat within a second."""
        for cell in nova_config.CELLS:
            rows.silence_hosts(self.cloud.name + cell,
                               nova_config.DOWN_TIME + 1)

    def lost(self):
        """Return how many hosts are recorded as lost."""
        [count] = engines.select(self.cloud.name + 'store', LOST)
        return count

    def told(self):
        return {(data['uuid'], data['host_status'])
                for _, _, data in self.sent}

    def wait_until_told(self):
        self.wait_for('all are told', lambda: len(self.told()) == EVERYBODY)
        self.wait_for('nothing is owed', lambda: engines.select(
            self.cloud.name + 'store', WAITING) == [0])

    def test_two_watches(self):
        self.lose_heartbeats()
        self.wait_until_told()
        time.sleep(0.5)
        # Each once, by whichever of them.
        self.assertEqual(EVERYBODY, len(self.sent))
        self.assertEqual({'UNKNOWN'}, {status for _, status in self.told()})
        self.assertEqual(2 * HOSTS, len({
            data['change_id'] for _, _, data in self.sent}))

    def test_killed_in_the_middle(self):
        teller, other = WATCHES
        self.cloud.processes.pause(other)
        self.addCleanup(self.cloud.processes.pause, other, False)
        self.lose_heartbeats()
        while not self.sent:
            time.sleep(0.001)
        self.cloud.nova.stop_watch(teller, signal.SIGKILL)
        self.addCleanup(self.cloud.nova.start_watch, teller)
        waiting, = engines.select(self.cloud.name + 'store', WAITING)
        self.addDetail('killed', content.text_content(
            '%d hosts were lost, %d of them not told' % (
                self.lost(), waiting)))
        self.assertGreater(waiting, 0)
        self.cloud.processes.pause(other, False)
        self.wait_until_told()
        # A repeat has the id that was there before.
        self.assertEqual(EVERYBODY, len({
            data['id'] for _, _, data in self.sent}))
        self.assertEqual({'UNKNOWN'}, {status for _, status in self.told()})
