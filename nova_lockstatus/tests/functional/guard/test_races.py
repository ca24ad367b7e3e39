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

"""The guard acts on nothing that has changed since it looked."""

import datetime
import threading
import time

from nova.conf import CONF
from oslo_utils import timeutils

from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.watch.guard import history
from nova_lockstatus.watch.guard import queries
from nova_lockstatus.watch.guard import tasks


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
