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

"""A locked and suspended server, whose guest is started with virsh."""

import datetime
import itertools
import time

from nova_lockstatus.tests.hypervisor import case
from nova_lockstatus.tests.hypervisor import cloud as clouds

SHUTDOWN, RUNNING = 4, 1
"""Power states, as Nova numbers them."""


class SuspendedTestCase(case.HypervisorTestCase):

    def managed_save(self, server_id):
        return 'yes' in [line.split()[-1] for line in (
            self.cloud.libvirt.virsh('dominfo', server_id).splitlines())
            if line.startswith('Managed save:')]

    def test_started_behind_nova(self):
        self.start_watch()
        server_id = self.down()
        # libvirt has no power state of its own for that.
        self.assertEqual(('shut off', SHUTDOWN), (
            self.state(server_id), self.power_state(server_id)))
        before = self.counts(server_id)
        began = self.start_behind_nova(server_id)
        self.wait_for_down(server_id)
        self.note('suspended again after virsh start',
                  time.monotonic() - began)
        self.assertEqual(['suspend'], self.actions(server_id))
        self.assertTrue(self.managed_save(server_id))
        self.assertEqual(
            ('SUSPENDED', SHUTDOWN),
            (self.server(server_id)['status'], self.power_state(server_id)))
        self.assertIn('The server %s is locked and should be suspended, but '
                      'runs. nova-compute is told to suspend it.' % server_id,
                      self.log())
        # What ran has counted, and nothing is lost.
        self.assertTrue(self.goes_on_counting(server_id, before))
        self.goes_on(server_id, 'resume', self.counts(server_id))

    def test_owner_is_refused(self):
        server_id = self.down()
        for action, body in (('reboot', {'type': 'HARD'}),
                             ('reboot', {'type': 'SOFT'}),
                             ('resume', None), ('os-start', None)):
            answer = self.act(server_id, action, 'owner', body, expected=409)
            self.assertIn(case.REFUSED,
                          answer.json()['conflictingRequest']['message'])
        self.assertEqual('shut off', self.state(server_id))
        self.assertTrue(self.managed_save(server_id))

    def test_watch_starts_later(self):
        server_id = self.down()
        before = self.counts(server_id)
        self.start_behind_nova(server_id)
        # That is stock Nova: it records that, and leaves it.
        self.wait_for('Nova knows that it runs',
                      lambda: self.power_state(server_id) == RUNNING)
        self.wait_for('the guest goes on counting',
                      lambda: self.goes_on_counting(server_id, before))
        self.assertEqual(('SUSPENDED', 'running'), (
            self.server(server_id)['status'], self.state(server_id)))
        self.start_watch()
        began = time.monotonic()
        self.wait_for_down(server_id)
        self.note('suspended again after the watch has started',
                  time.monotonic() - began)
        self.assertEqual(['suspend'], self.actions(server_id))

    def test_two_watches(self):
        self.start_watch()
        self.start_watch('watch2')
        server_id = self.down()
        for times in (1, 2):
            self.start_behind_nova(server_id)
            self.wait_for_down(server_id, times)
            self.assertEqual(times, len(self.guarded(server_id)))
        told = 'The server %s is locked' % server_id
        self.assertEqual(2, self.log().count(told)
                         + self.log('watch2').count(told))

    def test_started_again_and_again(self):
        """The pauses grow while each look finds it running."""
        pause = 12
        self.start_watch(guard_interval=pause, guard_pause=pause)
        server_id = self.down()

        def started_again():
            if self.state(server_id) == 'shut off' and not self.server(
                    server_id)['OS-EXT-STS:task_state']:
                self.start_behind_nova(server_id)
            return len(self.guarded(server_id)) >= 4

        self.wait_for('the guard has acted 4 times', started_again)
        self.assertEqual(['suspend'] * 4, self.actions(server_id))
        began = [datetime.datetime.fromisoformat(action['start_time'])
                 for action in self.guarded(server_id)]
        for number, (earlier, later) in enumerate(itertools.pairwise(began)):
            seconds = (later - earlier).total_seconds()
            self.note('pause %d of a server that is started again and again'
                      % (number + 1), seconds)
            # The instance actions have whole seconds.
            self.assertGreaterEqual(seconds, pause * 2 ** number - 1)
        self.wait_for_down(server_id, 4)

    def test_report(self):
        self.start_watch(guard='report')
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.cloud.processes.wait_for_log(
            'watch', 'The server %s is locked and should be suspended, but '
            'runs. It is not touched' % server_id)
        before = self.counts(server_id)
        # For as long as it takes the guard to act.
        self.wait_for('the guest goes on counting', lambda: (
            self.counts(server_id)[-1]
            >= before[-1] + 3 * clouds.GUARD_INTERVAL))
        self.assertEqual('running', self.state(server_id))
        self.assertEqual([], self.actions(server_id))
