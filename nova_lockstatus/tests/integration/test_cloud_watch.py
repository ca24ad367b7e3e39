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

"""nova-lockstatus-watch over RabbitMQ, and what operators ask beside it."""

import json
import os
import pathlib
import subprocess
import sys

from nova_lockstatus.tests.integration.cloud import case

BIN = pathlib.Path(sys.executable).parent

RUNNING, SUSPENDED = '1', '7'
"""Power states, as Nova numbers them."""


class WatchTestCase(case.CloudTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.boot('billing-1', cell='cell2')
        cls.guest = cls.cloud.nova.guest('compute2', cls.server_id)

    def start_watch(self):
        self.cloud.nova.start_watch()
        self.addCleanup(self.cloud.nova.stop_watch)

    def lock(self):
        self.act(self.server_id, 'lock', 'admin', {'locked_reason': 'unpaid'})
        self.addCleanup(self.act, self.server_id, 'unlock', 'admin')

    def wait_for(self, what, condition):
        return self.cloud.processes.wait_for(what, condition, case.TIMEOUT)

    def run_program(self, program, *arguments):
        return subprocess.run(
            [BIN / program, *arguments], capture_output=True, text=True,
            timeout=case.TIMEOUT, env={
                **os.environ,
                'OS_NOVA_CONFIG_DIR': str(self.cloud.nova.config.parent)})

    def power_state(self):
        return str(self.server(self.server_id)['OS-EXT-STS:power_state'])

    def guarded(self):
        """Return the instance actions that nobody asked for."""
        return [action['action'] for action in self.call(
            'GET', '/v2.1/servers/%s/os-instance-actions' % self.server_id,
            'admin').json()['instanceActions'] if not action['user_id']]

    def test_guard_after_a_restart_of_nova_compute(self):
        self.act(self.server_id, 'suspend')
        self.cloud.wait_for_server(self.server_id, 'SUSPENDED')
        self.assertEqual(SUSPENDED, self.guest.read_text())
        self.lock()
        self.cloud.stop_compute('compute2')
        self.guest.write_text(RUNNING)
        self.cloud.start_compute('compute2')
        # That is stock Nova: it sees that, and leaves it.
        self.wait_for('Nova knows that it runs',
                      lambda: self.power_state() == RUNNING)
        self.assertEqual('SUSPENDED', self.server(self.server_id)['status'])
        self.assertEqual(RUNNING, self.guest.read_text())
        self.start_watch()
        self.wait_for('the guest is suspended again',
                      lambda: self.guest.read_text() == SUSPENDED)
        self.cloud.wait_for_server(self.server_id, 'SUSPENDED')
        self.assertEqual(SUSPENDED, self.power_state())
        self.assertEqual(['suspend'], self.guarded())
        # It resumes as if that had not been.
        self.act(self.server_id, 'unlock', 'admin')
        self.act(self.server_id, 'resume')
        self.cloud.wait_for_server(self.server_id, 'ACTIVE')
        self.assertEqual(RUNNING, self.guest.read_text())

    def test_report(self):
        self.lock()
        done = self.run_program('nova-lockstatus', 'report', '--config-file',
                                str(self.cloud.nova.config), '-f', 'json')
        self.assertEqual((0, ''), (done.returncode, done.stderr))
        found, = json.loads(done.stdout)
        keystone = self.cloud.keystone
        self.assertEqual(
            {'id': self.server_id, 'name': 'billing-1', 'host': 'compute2',
             'project_id': keystone.projects['demo'], 'locked_by': 'admin',
             'locked_reason': 'unpaid', 'host_status': 'UP', 'cell': 'cell2',
             'locked_by_user_id': keystone.users['admin'],
             'locked_until': None, 'expired': False},
            {key: value for key, value in found.items()
             if key != 'locked_at'})

    def check(self):
        done = self.run_program(
            'nova-lockstatus-status', '--config-file',
            str(self.cloud.nova.config), 'upgrade', 'check', '--json')
        return done.returncode, {
            check['check']: check['result']
            for check in json.loads(done.stdout)['checks']}, done.stdout

    def test_upgrade_check(self):
        code, results, _ = self.check()
        self.assertEqual((2, 2), (code, results.pop('Watch service')))
        self.assertEqual({0}, set(results.values()), results)
        self.start_watch()
        self.cloud.processes.wait_for_log('watch', 'is running')
        self.wait_for('the watch reports', lambda: self.check()[0] == 0)
