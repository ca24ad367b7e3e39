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

"""What the guard does when its action fails."""

import itertools
import threading
import time

import fixtures
import oslo_messaging as messaging
from nova import objects
from nova.conf import CONF

from nova_lockstatus.tests.fixtures.guard_case import HOUR
from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.watch.guard import tasks


class FailureTestCase(GuardTestCase):

    def break_driver(self, server_id, method='suspend', error=OSError):
        """Have the driver fail with this server."""
        driver = self.driver(server_id)
        original = getattr(driver, method)

        def failing(*args, **kwargs):
            if any(getattr(arg, 'uuid', None) == server_id for arg in args):
                self.tries.append(time.monotonic())
                raise error('broken')
            return original(*args, **kwargs)

        self.tries = []
        setattr(driver, method, failing)
        self.addCleanup(setattr, driver, method, original)

    def test_tried_again_with_growing_pause(self):
        broken, other = self.down(), self.down()
        self.break_driver(broken)
        self.configure('lockstatus', guard_pause=HOUR)
        for server_id in (broken, other):
            self.start_behind_nova(server_id)
        watch = tasks.Guard(CONF)
        self.look(watch)
        self.assertEqual(self.SUSPENDED, self.states(other))
        # nova-compute leaves it so.
        self.assertEqual('error', self.instance(broken).vm_state)
        self.look(watch)
        # Another process knows of the pause, too.
        self.look(tasks.Guard(CONF))
        self.assertEqual(1, len(self.tries))
        self.configure('lockstatus', guard_pause=1, guard_pause_max=HOUR)
        watch = tasks.Guard(CONF)
        deadline = time.monotonic() + 60
        while len(self.tries) < 4:
            self.assertLess(time.monotonic(), deadline)
            self.look(watch)
            time.sleep(0.05)
        with self.target(broken) as context:
            begun = sorted(action.start_time for action in
                           objects.InstanceActionList.get_by_instance_uuid(
                               context, broken))[-4:]
        pauses = [(later - earlier).total_seconds()
                  for earlier, later in itertools.pairwise(begun[1:])]
        self.assertGreaterEqual(pauses[0], 2)
        self.assertGreaterEqual(pauses[1], 4)
        self.assertEqual([('suspend', 'Error')] * 4, self.guarded(broken))
        # How often depends on whether the test's broker tells the guard.
        self.assertGreaterEqual(
            self.outcomes().count(('suspend', 'failed')), 4)

    def test_comes_back_when_it_works_again(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.break_driver(server_id)
        self.configure('lockstatus', guard_pause=1)
        watch = tasks.Guard(CONF)
        self.look(watch)
        self.assertEqual('error', self.instance(server_id).vm_state)
        del self.driver(server_id).suspend
        time.sleep(1.1)
        self.look(watch)
        self.assertEqual(self.SUSPENDED, self.states(server_id))
        self.act(server_id, 'unlock', 'admin')
        self.act(server_id, 'resume')
        self.nova.wait_for(server_id, 'ACTIVE')

    def test_nova_rolls_back_to_active(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.break_driver(server_id, error=NotImplementedError)
        self.look()
        self.assertEqual('active', self.instance(server_id).vm_state)
        del self.driver(server_id).suspend
        self.configure('lockstatus', guard_pause=1)
        time.sleep(1.1)
        self.look()
        self.assertEqual(self.SUSPENDED, self.states(server_id))

    def test_error_that_is_not_the_guards(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.save(server_id, vm_state='error')
        self.look()
        self.assertEqual('error', self.instance(server_id).vm_state)
        self.assertEqual([], self.guarded(server_id))

    def test_unlocked_after_failure(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.break_driver(server_id)
        self.configure('lockstatus', guard_pause=1)
        self.look()
        self.act(server_id, 'unlock', 'admin')
        time.sleep(1.1)
        self.look()
        self.assertEqual(1, len(self.tries))

    def test_message_cannot_be_sent(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.configure('lockstatus', guard_pause=1)

        def suspend_instance(*args):
            raise messaging.MessageDeliveryFailure

        with fixtures.MonkeyPatch(
                'nova.compute.rpcapi.ComputeAPI.suspend_instance',
                suspend_instance):
            self.look()
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.assertEqual([('suspend', 'Error')], self.guarded(server_id))
        self.assertEqual([('suspend', 'failed')], self.outcomes())
        time.sleep(1.1)
        self.look()
        self.assertEqual(self.SUSPENDED, self.states(server_id))

    def test_silent_host_does_not_hold_up_others(self):
        silent, others = self.down(), self.down(host='compute2')
        for server_id in (silent, others):
            self.start_behind_nova(server_id)
        ended = threading.Event()
        self.addCleanup(ended.set)
        driver = self.driver(silent)
        driver.get_instance_diagnostics = lambda instance: ended.wait(30)
        self.configure('lockstatus', guard_probe_timeout=1)
        self.look()
        del driver.get_instance_diagnostics
        self.assertEqual(self.RUNNING, self.states(silent))
        self.assertEqual(self.SUSPENDED, self.states(others))
        self.assertEqual([], self.guarded(silent))
        self.assertIn('nova-compute on compute1 does not answer',
                      self.nova.log)

    def test_claim_that_nobody_takes_up(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.configure('lockstatus', guard_pause=1)
        watch = tasks.Guard(CONF)
        with fixtures.MonkeyPatch(
                'nova.compute.rpcapi.ComputeAPI.suspend_instance',
                lambda *args: None):
            watch.run(threading.Event())
        self.assertEqual('suspending', self.instance(server_id).task_state)
        watch.run(threading.Event())
        self.assertEqual('suspending', self.instance(server_id).task_state)
        for servers in watch._histories.values():
            for one in servers._states.values():
                one.pending_since -= HOUR
        time.sleep(1.1)
        watch.run(threading.Event())
        self.assertIsNone(self.instance(server_id).task_state)
        self.assertEqual([('suspend', 'acted'), ('suspend', 'failed')],
                         self.outcomes())
        self.look(watch)
        self.assertEqual(self.SUSPENDED, self.states(server_id))
        self.assertEqual([('suspend', 'locked'), ('suspend', 'Error')],
                         self.guarded(server_id))
