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

"""nova-compute saves a server as it was before its lock changed."""

import datetime
import threading
import time

import fixtures
import prometheus_client
from nova import context as nova_context
from nova import objects
from nova.conf import CONF
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.gateway import reason_repair as gateway
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.watch import prometheus_metrics
from nova_lockstatus.watch import reason_repair

WHY = {'lock': {'locked_reason': 'why'}}


class ReasonRepairTestCase(base.NovaTestCase):

    def setUp(self):
        super().setUp()
        self.configure('lockstatus', guard='enforce')
        self.registry = prometheus_client.CollectorRegistry()
        self.watch = reason_repair.ReasonRepair(
            CONF, prometheus_metrics.Prometheus(self.registry))
        self.server_id = self.nova.boot_server('db')
        self.addCleanup(self.act, {'forceDelete': None})

    def act(self, body):
        return self.nova.request(
            'POST', '/v2.1/servers/%s/action' % self.server_id, 'admin',
            body, '2.73')

    def accepted(self, *bodies):
        for body in bodies:
            answer = self.act(body)
            self.assertEqual(202, answer.status_code, answer.text)

    def look(self):
        self.watch.run(threading.Event())

    def shelve(self, *changes):
        """Make changes before nova-compute saves what it has read before."""
        original = db.instance_update_and_get_original
        pending = list(changes)

        def update(context, uuid, values, *args, **kwargs):
            if 'shelved_at' in values.get('system_metadata', ()):
                while pending:
                    pending.pop(0)()
            return original(context, uuid, values, *args, **kwargs)

        with fixtures.MonkeyPatch(
                'nova.db.main.api.instance_update_and_get_original', update):
            self.accepted({'shelve': None})
            self.nova.wait_for(self.server_id, 'SHELVED_OFFLOADED')
            self.wait_until_idle()
        self.assertEqual([], pending)

    def wait_until_idle(self):
        while self.show(self.server_id, 'admin')['OS-EXT-STS:task_state']:
            time.sleep(0.05)

    def context(self):
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(
            context, self.nova.services.cell_mappings['cell1'])
        return context

    def stored(self):
        """Return the lock and the reason in Nova's tables."""
        instance = objects.Instance.get_by_uuid(
            self.context(), self.server_id, expected_attrs=['system_metadata'])
        return instance.locked, instance.system_metadata.get('locked_reason')

    def write(self, reason=None, **values):
        """Change the rows behind the back of everybody."""
        context = self.context()
        with db.get_context_manager(context).writer.using(context) as session:
            session.query(models.Instance).filter_by(
                uuid=self.server_id).update({'uuid': self.server_id, **values})
            session.query(models.InstanceSystemMetadata).filter_by(
                instance_uuid=self.server_id, key='locked_reason').delete()
            if reason is not None:
                session.add(models.InstanceSystemMetadata(
                    instance_uuid=self.server_id, key='locked_reason',
                    value=reason))

    def count(self, outcome):
        return self.registry.get_sample_value(
            'nova_lockstatus_reasons_repaired_total', {'outcome': outcome})

    def assert_untouched(self, *expected):
        self.look()
        self.look()
        self.assertEqual(expected, self.stored())
        self.assertEqual((0, 0), (self.count('removed'),
                                  self.count('restored')))


class SavedByNovaComputeTestCase(ReasonRepairTestCase):

    def test_reason_of_a_lock(self):
        self.shelve(lambda: self.accepted(WHY), self.look)
        self.assertEqual((True, None), self.stored())
        self.look()
        self.assertEqual((True, 'why'), self.stored())
        self.look()
        self.assertEqual(1, self.count('restored'))
        self.assertIn('The lock of the server %s had lost its reason'
                      % self.server_id, self.nova.log)

    def test_reason_of_an_unlocked_server(self):
        self.accepted(WHY)
        self.look()
        self.shelve(lambda: self.accepted({'unlock': None}))
        self.assertEqual((False, 'why'), self.stored())
        self.look()
        self.assertEqual((False, None), self.stored())
        self.look()
        self.assertEqual(1, self.count('removed'))
        self.assertEqual(0, self.count('restored'))
        self.assertIn('The server %s is unlocked and had the reason'
                      % self.server_id, self.nova.log)

    def test_save_of_nothing_else(self):
        self.accepted(WHY)
        instance = objects.Instance.get_by_uuid(
            self.context(), self.server_id, expected_attrs=['system_metadata'])
        self.look()
        self.accepted({'unlock': None})
        self.write(updated_at=datetime.datetime(2026, 1, 1))
        instance.system_metadata['clean_attempts'] = '1'
        instance.save()
        self.assertEqual((False, 'why'), self.stored())
        self.look()
        self.assertEqual((False, None), self.stored())


class LeftAloneTestCase(ReasonRepairTestCase):

    def test_another_lock(self):
        self.accepted(WHY)
        self.look()
        self.accepted({'unlock': None}, {'lock': None})
        self.assert_untouched(True, None)

    def test_other_reasons(self):
        self.accepted(WHY)
        self.look()
        self.accepted({'unlock': None}, {'lock': {'locked_reason': 'new'}})
        self.assert_untouched(True, 'new')
        self.accepted({'unlock': None})
        self.assert_untouched(False, None)

    def test_reason_that_was_not_seen_with_its_lock(self):
        self.accepted(WHY)
        self.write()
        self.assert_untouched(True, None)

    def test_task_under_way(self):
        self.accepted(WHY)
        self.look()
        self.write(task_state='shelving')
        self.assert_untouched(True, None)
        self.write('why', task_state='shelving', locked=False, locked_by=None)
        self.assert_untouched(False, 'why')
        self.write(task_state=None)

    def test_hidden_row(self):
        self.accepted(WHY)
        self.look()
        self.write('why', hidden=True, locked=False, locked_by=None)
        self.assert_untouched(False, 'why')
        self.write(hidden=False)

    def test_lock_of_nova_that_is_not_finished(self):
        self.accepted(WHY)
        self.look()
        objects.InstanceAction.action_start(
            self.context(), self.server_id, 'lock')
        self.write()
        self.assert_untouched(True, None)

    def test_changed_since_it_was_found(self):
        self.accepted(WHY)
        (known,), = gateway.read_locked(self.context())
        self.assertIsNone(gateway.repair(
            self.context(), self.server_id, known))
        self.accepted({'unlock': None}, {'lock': None})
        self.assertIsNone(gateway.repair(
            self.context(), self.server_id, known))
        self.assertEqual((True, None), self.stored())

    def test_deleted(self):
        self.accepted(WHY)
        (known,), = gateway.read_locked(self.context())
        self.write(locked=False, locked_by=None, deleted=1)
        self.addCleanup(self.write, deleted=0)
        self.assertIsNone(gateway.repair(
            self.context(), self.server_id, known))

    def test_off(self):
        self.configure('lockstatus', guard='off')
        self.write('why')
        self.assert_untouched(False, 'why')
        self.assertEqual(0, self.watch.interval)

    def test_saved_before_the_last_look(self):
        """The first look reads all servers, the others those saved since."""
        self.look()
        self.write('why', updated_at=datetime.datetime(2026, 1, 1))
        self.assert_untouched(False, 'why')
        reason_repair.ReasonRepair(CONF).run(threading.Event())
        self.assertEqual((False, None), self.stored())


class ReportTestCase(ReasonRepairTestCase):
    """The guard does not enforce, as by default."""

    def setUp(self):
        super().setUp()
        self.configure('lockstatus', guard='report')
        self.accepted(WHY)
        self.look()

    def test_nothing_is_touched(self):
        self.write()
        self.assert_untouched(True, None)
        self.assertIn('The lock of the server %s has lost its reason'
                      % self.server_id, self.nova.log)
        self.assertEqual(1, self.count('found'))
        self.write('why', locked=False, locked_by=None)
        self.assert_untouched(False, 'why')
        self.assertIn('The server %s is unlocked and has the reason'
                      % self.server_id, self.nova.log)
        self.assertEqual(2, self.count('found'))

    def test_enforced_from_now_on(self):
        self.write()
        self.look()
        self.configure('lockstatus', guard='enforce')
        self.look()
        self.assertEqual((True, 'why'), self.stored())
        self.assertEqual(1, self.count('restored'))

    def test_enforced_long_after_it_was_found(self):
        self.write('why', locked=False, locked_by=None)
        self.look()
        self.write('why', updated_at=datetime.datetime(2026, 1, 1))
        self.look()
        self.configure('lockstatus', guard='enforce')
        self.look()
        self.assertEqual((False, None), self.stored())

    def test_damaged_once_more(self):
        self.write()
        self.look()
        self.accepted({'unlock': None}, WHY)
        self.look()
        self.write()
        self.look()
        self.assertEqual(2, self.count('found'))
