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

"""nova-compute saves a server as it was before its locks changed."""

import threading
import time

import fixtures
from nova.conf import CONF
from nova.db.main import api as db

from nova_lockstatus.tests.fixtures import server_locks_case as case
from nova_lockstatus.watch import lock_repair
from nova_lockstatus.watch import reason_repair


class RepairTestCase(case.ServerLocksTestCase):

    def setUp(self):
        super().setUp()
        self.configure('lockstatus', guard='enforce')
        self.watch = lock_repair.LockRepair(CONF)

    def look(self):
        self.watch.run(threading.Event())

    def shelve(self, change):
        """Make a change before nova-compute saves what it has read before."""
        original = db.instance_update_and_get_original
        pending = [change]

        def update(context, uuid, values, *args, **kwargs):
            if 'shelved_at' in values.get('system_metadata', ()):
                while pending:
                    pending.pop()()
                    self.look()
            return original(context, uuid, values, *args, **kwargs)

        with fixtures.MonkeyPatch(
                'nova.db.main.api.instance_update_and_get_original', update):
            answer = self.act({'shelve': None}, 'admin')
            self.assertEqual(202, answer.status_code, answer.text)
            self.nova.wait_for(self.server_id, 'SHELVED_OFFLOADED')
            while self.show(self.server_id, 'admin')[
                    'OS-EXT-STS:task_state']:
                time.sleep(0.05)
        self.assertEqual([], pending)

    def test_lost_lock_is_restored(self):
        self.shelve(lambda: self.set_lock('owner', level='delete'))
        self.assertEqual({}, self.rows())
        self.look()
        record, = self.records()
        self.assertEqual('delete', record.level)
        self.assertTrue(self.show(self.server_id)['delete_protected'])

    def test_lifted_lock_is_removed_again(self):
        self.set_lock('owner', level='delete')
        self.look()
        self.shelve(lambda: self.unlock('owner'))
        self.assertEqual(1, len(self.records()))
        self.look()
        self.assertEqual({}, self.rows())

    def test_report(self):
        self.configure('lockstatus', guard='report')
        self.set_lock('owner', level='delete')
        self.look()
        self.shelve(lambda: self.unlock('owner'))
        rows = self.rows()
        self.look()
        self.assertEqual(rows, self.rows())
        self.assertIn('the locks are restored', self.nova.log)

    def test_off(self):
        self.configure('lockstatus', guard='off')
        self.assertEqual(0, self.watch.interval)

    def test_each_recorded_change_stays(self):
        reasons = reason_repair.ReasonRepair(CONF)
        self.set_lock('admin', locked_reason='unpaid')
        self.set_lock('owner')
        for change in (lambda: self.unlock('admin'),
                       lambda: self.set_lock('member', level='delete'),
                       lambda: self.unlock('owner')):
            self.look()
            reasons.run(threading.Event())
            change()
            rows, columns = self.rows(), self.columns()
            self.look()
            reasons.run(threading.Event())
            self.assertEqual((rows, columns), (self.rows(), self.columns()))
