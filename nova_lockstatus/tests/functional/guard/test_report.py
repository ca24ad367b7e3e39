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

"""The guard in the mode that reports only, and switched off."""

import time

from nova.conf import CONF

from nova_lockstatus.tests.fixtures.guard_case import GuardTestCase
from nova_lockstatus.watch.guard import tasks


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
        both = (tasks.Guard(CONF), tasks.Probe(CONF))
        self.look(*both)
        self.assertEqual([0, 0], [task.interval for task in both])
        self.assertEqual(self.RUNNING, self.states(server_id))
        self.assertEqual([], self.outcomes())

    def test_default(self):
        CONF.clear_override('guard', group='lockstatus')
        self.addCleanup(CONF.set_override, 'guard', 'enforce',
                        group='lockstatus')
        self.assertEqual(('report', 0), (
            CONF.lockstatus.guard, tasks.Probe(CONF).interval))
