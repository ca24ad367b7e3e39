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

"""Locked servers stay down, whatever starts them behind Nova's back."""

import threading

from nova import objects
from nova.compute import power_state
from nova.conf import CONF

from nova_lockstatus.embedded import driver as embedded_driver
from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.watch.guard import tasks


class EnforceTestCase(GuardTestCase):

    def test_suspended(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        # That is stock Nova.
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.look()
        self.assertEqual(self.SUSPENDED, self.states(server_id))
        self.assertEqual([('suspend', 'locked')], self.guarded(server_id))
        self.assertEqual([('suspend', 'acted')], self.outcomes())

    def test_instance_action_says_who(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.look()
        path = '/v2.1/servers/%s/os-instance-actions' % server_id
        listed = self.nova.request('GET', path, 'admin').json
        action = self.nova.request(
            'GET', '%s/%s' % (path, listed['instanceActions'][0][
                'request_id']), 'admin').json['instanceAction']
        self.assertEqual(
            {'lockstatus_guard': 'Success',
             'compute_suspend_instance': 'Success'},
            {event['event']: event['result'] for event in action['events']})

    def test_resumes_as_if_nothing_had_been(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.look()
        self.act(server_id, 'unlock', 'admin')
        self.act(server_id, 'resume')
        self.nova.wait_for(server_id, 'ACTIVE')

    def test_stopped(self):
        server_id = self.down('os-stop', 'SHUTOFF')
        self.driver(server_id).start_behind_nova(server_id)
        # nova-compute's own sync would stop it, too.
        self.save(server_id, power_state=power_state.RUNNING)
        self.look()
        self.nova.wait_for(server_id, 'SHUTOFF')
        self.assertEqual(('stopped', None, power_state.SHUTDOWN,
                          power_state.SHUTDOWN), self.states(server_id))
        self.assertEqual([('power_off', 'acted')], self.outcomes())
        self.assertEqual([('stop', 'locked')], self.guarded(server_id))

    def test_paused(self):
        server_id = self.down('pause', 'PAUSED')
        self.start_behind_nova(server_id)
        self.look()
        self.nova.wait_for(server_id, 'PAUSED')
        self.assertEqual(('paused', None, power_state.PAUSED,
                          power_state.PAUSED), self.states(server_id))
        self.assertEqual([('pause', 'acted')], self.outcomes())
        self.assertEqual([('pause', 'locked')], self.guarded(server_id))

    def test_second_cell(self):
        server_id = self.down(host='compute2')
        self.start_behind_nova(server_id)
        self.look()
        self.assertEqual(self.SUSPENDED, self.states(server_id))

    def test_down_as_it_should_be(self):
        server_id = self.down()
        self.look()
        self.assertEqual([], self.guarded(server_id))
        self.assertEqual([], self.outcomes())

    def test_running_and_locked(self):
        server_id = self.boot()
        self.lock(server_id)
        self.look()
        self.assertEqual([], self.guarded(server_id))

    def test_not_locked(self):
        server_id = self.down()
        self.act(server_id, 'unlock', 'admin')
        self.start_behind_nova(server_id)
        self.look()
        self.assertEqual(self.RUNNING, self.states(server_id))

    def test_locked_without_a_holder(self):
        """A row of before Nova knew who locks."""
        server_id = self.down()
        self.save(server_id, locked_by=None, locked=True)
        self.start_behind_nova(server_id)
        self.look()
        self.assertEqual(self.SUSPENDED, self.states(server_id))

    def test_task_under_way(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        for task in ('suspending', 'powering-on', 'image_uploading'):
            self.save(server_id, task_state=task)
            tasks.Guard(CONF).run(threading.Event())
            self.assertEqual(task, self.instance(server_id).task_state)
        self.assertEqual([], self.guarded(server_id))
        self.assertEqual([], self.outcomes())

    def test_nova_compute_stops_it_by_itself(self):
        """Its sync does, and records no power state until it is done."""
        server_id = self.down('os-stop', 'SHUTOFF')
        watch = tasks.Guard(CONF)
        line = 'The server %s is locked and should be stopped' % server_id
        for state, lines in ((power_state.SHUTDOWN, 0),
                             (power_state.PAUSED, 1),
                             (power_state.RUNNING, 1)):
            self.save(server_id, power_state=state, task_state='powering-off')
            self.look(watch)
            self.assertEqual(lines, self.nova.log.count(line), state)
        self.assertIn('stops it by itself, which the guard waits for',
                      self.nova.log)
        self.assertEqual([], self.guarded(server_id))
        self.assertEqual([], self.outcomes())
        # What still runs then is the guard's.
        self.save(server_id, power_state=power_state.RUNNING, task_state=None)
        self.driver(server_id).start_behind_nova(server_id)
        self.look(watch)
        self.assertEqual([('power_off', 'acted')], self.outcomes())
        self.nova.wait_for(server_id, 'SHUTOFF')

    def test_host_forced_down(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        service = self.compute().service_ref
        self.addCleanup(self.force_down, service, False)
        self.force_down(service, True)
        self.look()
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.assertEqual([], self.outcomes())
        self.force_down(service, False)
        self.look()
        self.assertEqual(self.SUSPENDED, self.states(server_id))

    def force_down(self, service, forced_down):
        service.forced_down = forced_down
        service.save()

    def test_record_is_behind(self):
        """The host has just started: nothing runs, whatever is recorded."""
        server_id = self.down()
        self.save(server_id, power_state=power_state.RUNNING)
        self.look()
        self.assertEqual(('suspended', None, power_state.RUNNING,
                          power_state.SUSPENDED), self.states(server_id))
        self.assertEqual([], self.guarded(server_id))
        with self.target(server_id) as context:
            self.assertEqual([], list(
                objects.InstanceFaultList.get_by_instance_uuids(
                    context, [server_id])))


class HostRebootTestCase(GuardTestCase):

    def reboot(self, host='compute1'):
        """Stop nova-compute, lose all that ran, and start it again."""
        self.compute(host).stop()
        embedded_driver.EmbeddedDriver.rebooted.add(host)
        self.nova.start_compute(host)
        service = self.compute(host).service_ref
        service.report_count += 1
        service.save()

    def test_guard_before_reboot(self):
        server_id, running = self.down(), self.boot()
        self.start_behind_nova(server_id)
        self.look()
        self.reboot()
        self.assertEqual('suspended', self.states(server_id)[0])
        self.assertEqual(power_state.SHUTDOWN, self.states(server_id)[3])
        self.assertEqual(('active', None, power_state.RUNNING,
                          power_state.RUNNING), self.states(running))
        self.look()
        self.assertEqual(power_state.SHUTDOWN, self.states(server_id)[3])

    def test_reboot_before_guard(self):
        server_id, running = self.down(), self.boot()
        self.start_behind_nova(server_id)
        self.reboot()
        # That is stock Nova.
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.look()
        self.assertEqual(self.SUSPENDED, self.states(server_id))
        self.assertEqual(('active', None, power_state.RUNNING,
                          power_state.RUNNING), self.states(running))
        self.reboot()
        self.assertEqual(power_state.SHUTDOWN, self.states(server_id)[3])
        self.assertEqual(power_state.RUNNING, self.states(running)[3])

    def test_stopped_and_paused(self):
        stopped = self.down('os-stop', 'SHUTOFF')
        paused = self.down('pause', 'PAUSED')
        self.reboot()
        self.look()
        for server_id in (stopped, paused):
            self.assertEqual(power_state.SHUTDOWN, self.states(server_id)[3])
