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

import datetime
import itertools
import threading
import time

import fixtures
import oslo_messaging as messaging
from nova import context as nova_context
from nova import objects
from nova.compute import power_state
from nova.conf import CONF
from oslo_db import exception as db_exception
from oslo_utils import timeutils

from nova_lockstatus.embedded import driver as embedded_driver
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.watch.guard import history
from nova_lockstatus.watch.guard import queries
from nova_lockstatus.watch.guard import tasks

HOUR = 3600


class GuardTestCase(base.NovaTestCase):

    hosts = ('compute1', 'compute2')
    # The guard does without nova-api's part of the plugin.
    options = {'filter': False, 'hosts': hosts, 'cells': 2, 'config': {
        ('lockstatus', 'guard'): 'enforce',
        (None, 'resume_guests_state_on_host_boot'): True}}

    def setUp(self):
        super().setUp()
        self.nova.services.notifier.reset()
        self.servers = {}
        self.addCleanup(self.delete_servers)

    def delete_servers(self):
        for server_id in self.servers:
            self.nova.request('DELETE', '/v2.1/servers/' + server_id, 'admin')

    def boot(self, host='compute1', name='billing-1'):
        server_id = self.nova.boot_server(name, host=host)
        self.servers[server_id] = host
        return server_id

    def act(self, server_id, action, token='owner'):
        answer = self.nova.request(
            'POST', '/v2.1/servers/%s/action' % server_id, token,
            {action: None})
        self.assertEqual(202, answer.status_code, answer.text)

    def down(self, action='suspend', status='SUSPENDED', host='compute1'):
        """Boot a server, take it down and lock it."""
        server_id = self.boot(host)
        self.act(server_id, action)
        self.nova.wait_for(server_id, status)
        self.lock(server_id, 'admin', 'unpaid')
        self.nova.services.notifier.reset()
        return server_id

    def compute(self, host='compute1'):
        return self.nova.services.computes[host]

    def driver(self, server_id):
        return self.compute(self.servers[server_id]).manager.driver

    def start_behind_nova(self, server_id, recorded=True):
        self.driver(server_id).start_behind_nova(server_id)
        if recorded:
            self.sync(server_id)

    def sync(self, server_id):
        """Have nova-compute do what it does every 600 seconds."""
        manager = self.compute(self.servers[server_id]).manager
        with self.target(server_id) as context:
            manager._query_driver_power_state_and_sync(
                context, objects.Instance.get_by_uuid(context, server_id))

    def target(self, server_id):
        mapping = objects.InstanceMapping.get_by_instance_uuid(
            nova_context.get_admin_context(), server_id)
        return nova_context.target_cell(
            nova_context.get_admin_context(), mapping.cell_mapping)

    def instance(self, server_id):
        with self.target(server_id) as context:
            return objects.Instance.get_by_uuid(
                context, server_id, expected_attrs=['system_metadata'])

    def save(self, server_id, **values):
        with self.target(server_id) as context:
            instance = objects.Instance.get_by_uuid(context, server_id)
            for name, value in values.items():
                setattr(instance, name, value)
            instance.save()

    def states(self, server_id):
        """Return the state, the task and the recorded and real power state."""
        instance = self.instance(server_id)
        real = self.driver(server_id).instances[server_id].state
        return (instance.vm_state, instance.task_state, instance.power_state,
                real)

    def look(self, *duties):
        for duty in duties or (tasks.Guard(CONF),):
            duty.run(threading.Event())
        # What was cast is taken up by other threads.
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and any(
                self.instance(server_id).task_state == 'suspending'
                for server_id in self.servers):
            time.sleep(0.05)

    def actions(self, server_id):
        answer = self.nova.request(
            'GET', '/v2.1/servers/%s/os-instance-actions' % server_id,
            'admin', microversion='2.84')
        return [(action['action'], action['message'])
                for action in answer.json['instanceActions']]

    def guarded(self, server_id):
        """Return what the guard did since the lock, the newest first."""
        actions = self.actions(server_id)
        return actions[:actions.index(('lock', None))]

    def sent(self):
        return [notification for notification
                in self.nova.services.notifier.versioned_notifications
                if notification['event_type'].startswith('lockstatus.guard')]

    def outcomes(self):
        return [(notification['event_type'].rpartition('.')[2],
                 notification['payload']['nova_object.data']['outcome'])
                for notification in self.sent()]

    SUSPENDED = ('suspended', None, power_state.SUSPENDED,
                 power_state.SUSPENDED)
    RUNNING = ('suspended', None, power_state.RUNNING, power_state.RUNNING)


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


class RaceTestCase(GuardTestCase):
    """Something happens between finding a server and claiming it."""

    def found_and(self, server_id, change):
        """Have something happen when nova-compute is asked."""
        driver = self.driver(server_id)
        original = driver.get_instance_diagnostics

        def get_instance_diagnostics(instance):
            driver.get_instance_diagnostics = original
            change(server_id)
            return original(instance)

        driver.get_instance_diagnostics = get_instance_diagnostics
        self.look()
        self.assertEqual(original, driver.get_instance_diagnostics)

    def test_unlocked(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.found_and(server_id,
                       lambda server_id: self.act(server_id, 'unlock'))
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.assertEqual([], self.outcomes())

    def test_deleted(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        with self.target(server_id) as context:
            rows, = queries.pages(context, queries.running())
        self.act(server_id, 'unlock', 'admin')
        self.nova.request('DELETE', '/v2.1/servers/' + server_id, 'admin')
        deadline = time.monotonic() + 10
        while self.nova.request('GET', '/v2.1/servers/' + server_id, 'admin'
                                ).status_code != 404:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        del self.servers[server_id]
        tasks.Guard(CONF)._check_host(
            self.nova.services.cell_mappings['cell1'], history.GuardHistory(),
            'compute1', rows)
        self.assertEqual([], self.outcomes())
        self.assertNotIn('The guard failed', self.nova.log)

    def test_task_began(self):
        server_id = self.down()
        self.start_behind_nova(server_id)
        self.found_and(server_id, lambda server_id: self.save(
            server_id, task_state='powering-on'))
        self.assertEqual('powering-on', self.instance(server_id).task_state)
        self.assertEqual([], self.outcomes())

    def host_becomes(self, **values):
        server_id = self.down()
        self.start_behind_nova(server_id)
        service = self.compute().service_ref

        def save(values):
            for name, value in values.items():
                setattr(service, name, value)
            service.save()

        self.addCleanup(save, {name: service[name] for name in values})
        self.found_and(server_id, lambda server_id: save(values))
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.assertEqual([], self.guarded(server_id))
        self.assertEqual([], self.outcomes())

    def test_host_forced_down(self):
        self.host_becomes(forced_down=True)

    def test_host_lost(self):
        self.host_becomes(last_seen_up=timeutils.utcnow(
            ) - datetime.timedelta(hours=1))

    def test_another_guard_was_faster(self):
        """All is as it was found, but for the other's action."""
        server_id = self.down()
        self.start_behind_nova(server_id)

        def other(server_id):
            self.look()
            self.start_behind_nova(server_id)

        self.found_and(server_id, other)
        self.assertEqual([('suspend', 'locked')], self.guarded(server_id))
        self.assertEqual([('suspend', 'acted')], self.outcomes())

    def test_two_at_once(self):
        servers = [self.down() for _ in range(3)]
        for server_id in servers:
            self.start_behind_nova(server_id)
        guards = [tasks.Guard(CONF) for _ in range(2)]
        threads = [threading.Thread(target=one.run, args=(threading.Event(),))
                   for one in guards]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.look()
        for server_id in servers:
            self.assertEqual(self.SUSPENDED, self.states(server_id))
            self.assertEqual([('suspend', 'locked')], self.guarded(server_id))
        self.assertEqual([('suspend', 'acted')] * 3, self.outcomes())


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


class ReportTestCase(GuardTestCase):

    def test_says_and_touches_nothing(self):
        self.configure('lockstatus', guard='report')
        server_id = self.down()
        self.start_behind_nova(server_id)
        watch = tasks.Guard(CONF)
        self.look(watch)
        self.look(watch)
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.assertEqual([], self.guarded(server_id))
        self.assertEqual([('suspend', 'found')], self.outcomes())
        line = 'The server %s is locked and should be suspended' % server_id
        self.assertEqual(1, self.nova.log.count(line))

    def test_says_again_after_a_pause(self):
        self.configure('lockstatus', guard='report', guard_pause=1)
        self.start_behind_nova(self.down())
        watch = tasks.Guard(CONF)
        self.look(watch)
        time.sleep(1.1)
        self.look(watch)
        self.assertEqual([('suspend', 'found')] * 2, self.outcomes())

    def test_forgets_what_is_well(self):
        self.configure('lockstatus', guard='report')
        server_id = self.down()
        self.start_behind_nova(server_id)
        watch = tasks.Guard(CONF)
        self.look(watch)
        self.act(server_id, 'unlock', 'admin')
        self.look(watch)
        self.assertEqual([0, 0], [
            len(cell) for cell in watch._histories.values()])
        self.lock(server_id, 'admin')
        self.look(watch)
        self.assertEqual([('suspend', 'found')] * 2, self.outcomes())

    def test_off(self):
        self.configure('lockstatus', guard='off', guard_probe_interval=600)
        server_id = self.down()
        self.start_behind_nova(server_id)
        duties = (tasks.Guard(CONF), tasks.Probe(CONF))
        self.look(*duties)
        self.assertEqual([0, 0], [duty.interval for duty in duties])
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.assertEqual([], self.outcomes())

    def test_default(self):
        CONF.clear_override('guard', group='lockstatus')
        self.addCleanup(CONF.set_override, 'guard', 'enforce',
                        group='lockstatus')
        self.assertEqual(('report', 0), (
            CONF.lockstatus.guard, tasks.Probe(CONF).interval))


class ProbeTestCase(GuardTestCase):
    """The hypervisor says that a server runs, and Nova's database does not."""

    def setUp(self):
        super().setUp()
        self.configure('lockstatus', guard_probe_interval=600)

    def faults(self, server_id):
        with self.target(server_id) as context:
            return list(objects.InstanceFaultList.get_by_instance_uuids(
                context, [server_id]))

    def test_brings_back(self):
        server_id, well = self.down(), self.down()
        self.start_behind_nova(server_id, recorded=False)
        self.look()
        self.assertEqual(power_state.RUNNING, self.states(server_id)[3])
        self.look(tasks.Probe(CONF))
        self.assertEqual(self.SUSPENDED, self.states(server_id))
        self.assertEqual([('suspend', 'locked')], self.guarded(server_id))
        self.assertEqual([('suspend', 'acted')], self.outcomes())
        self.assertEqual(self.SUSPENDED, self.states(well))
        self.assertEqual([], self.guarded(well))
        self.assertEqual([], self.faults(well))

    def test_reports(self):
        self.configure('lockstatus', guard='report')
        server_id = self.down('os-stop', 'SHUTOFF')
        self.start_behind_nova(server_id, recorded=False)
        self.look(tasks.Probe(CONF))
        self.assertEqual(power_state.RUNNING, self.states(server_id)[3])
        self.assertEqual([('power_off', 'found')], self.outcomes())

    def test_unlocked_servers_are_not_asked_for(self):
        server_id = self.down()
        self.act(server_id, 'unlock', 'admin')
        self.start_behind_nova(server_id, recorded=False)
        self.look(tasks.Probe(CONF))
        self.assertEqual(power_state.RUNNING, self.states(server_id)[3])

    def test_driver_cannot_tell(self):
        server_id = self.down()
        driver = self.driver(server_id)
        self.start_behind_nova(server_id, recorded=False)

        def get_instance_diagnostics(instance):
            raise NotImplementedError

        driver.get_instance_diagnostics = get_instance_diagnostics
        self.addCleanup(delattr, driver, 'get_instance_diagnostics')
        self.look(tasks.Probe(CONF))
        self.assertEqual([], self.guarded(server_id))
        self.sync(server_id)
        self.look()
        self.assertEqual([('suspend', 'locked')], self.guarded(server_id))


class CellDownTestCase(GuardTestCase):

    def test_other_cells_are_guarded(self):
        server_id = self.down(host='compute2')
        self.start_behind_nova(server_id)
        cell = self.nova.services.cell_mappings['cell1']
        original = nova_context.set_target_cell

        def set_target_cell(context, mapping):
            if mapping is not None and mapping.uuid == cell.uuid:
                raise db_exception.DBConnectionError('gone')
            original(context, mapping)

        watch = tasks.Guard(CONF)
        with fixtures.MonkeyPatch(
                'nova.context.set_target_cell', set_target_cell):
            watch.run(threading.Event())
            watch.run(threading.Event())
        self.nova.wait_for(server_id, 'SUSPENDED')
        self.assertEqual(self.SUSPENDED, self.states(server_id))
        self.look(watch)
        log = self.nova.log
        line = 'guard: the look at the cell cell1 is not finished'
        self.assertEqual(1, log.count(line + ': DBConnectionError'))
        self.assertEqual(1, log.count('guard: the look at the cell cell1 is '
                                      'not finished: works again'))

    def test_cell_that_does_not_answer(self):
        """It is not asked again before it has, and delays nobody."""
        server_id = self.down(host='compute2')
        self.start_behind_nova(server_id)
        cell = self.nova.services.cell_mappings['cell1']
        original = nova_context.set_target_cell
        asked, answer = [], threading.Event()
        self.addCleanup(answer.set)

        def set_target_cell(context, mapping):
            if mapping is not None and mapping.uuid == cell.uuid:
                asked.append(mapping)
                answer.wait(20)
            original(context, mapping)

        self.configure('lockstatus', guard_interval=1)
        watch = tasks.Guard(CONF)
        with fixtures.MonkeyPatch(
                'nova.context.set_target_cell', set_target_cell):
            watch.run(threading.Event())
            watch.run(threading.Event())
            self.assertEqual(1, len(asked))
            self.nova.wait_for(server_id, 'SUSPENDED')
            answer.set()


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
