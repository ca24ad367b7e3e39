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

"""nova-lockstatus-watch does what is due when locks end."""

import datetime
import threading
import time

import fixtures
from nova import context as nova_context
from nova.conf import CONF
from nova.db.main import models
from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from nova_lockstatus.core import lock_ends as rules
from nova_lockstatus.gateway import lock_ends as gateway
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import server_lock_probe as probe
from nova_lockstatus.tests.fixtures import server_locks_case as case
from nova_lockstatus.watch import lock_ends


class Killed(BaseException):
    """Ends a thread as a killed process ends."""


class LockEndsTestCase(case.ServerLocksTestCase):

    def setUp(self):
        super().setUp()
        self.watch = lock_ends.LockEnds(CONF)

    def look(self, watch=None):
        (watch or self.watch).run(threading.Event())

    def lock_for(self, seconds=0.3, token='owner', **keys):
        until = timeutils.utcnow() + datetime.timedelta(seconds=seconds)
        self.set_lock(token, locked_until=until.isoformat() + 'Z', **keys)
        return until

    def context(self):
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(
            context, self.nova.services.cell_mappings['cell1'])
        return context

    def lifting(self):
        """Return the liftings that are not announced."""
        return [row['value'] for row in probe.read(
            self.nova, models.InstanceSystemMetadata.__table__,
            'instance_uuid', self.server_id)
            if row['key'] == rules.UNANNOUNCED_KEY]

    def sent(self):
        return [sent['event_type'] for sent
                in self.nova.services.notifier.versioned_notifications
                if 'lock' in sent['event_type']]

    def kill_before(self, name):
        """Kill the watch when it calls a function.

        :param name: the function
        """
        def kill(*args, **kwargs):
            raise Killed

        return fixtures.MonkeyPatch(name, kill)


class LiftTestCase(LockEndsTestCase):

    def test_lifts_within_a_second_of_the_end(self):
        until = self.lock_for(1, locked_reason='why', release=True)
        self.nova.services.notifier.reset()
        stop = threading.Event()
        while timeutils.utcnow() < until:
            self.assertEqual((True, 'owner', 'why'), self.columns())
            self.watch.run(stop)
            time.sleep(self.watch.interval)
        self.watch.run(stop)
        self.assertLess(timeutils.utcnow() - until,
                        datetime.timedelta(seconds=1))
        self.assertEqual((False, None, None), self.columns())
        self.assertEqual({}, self.rows())
        self.assertEqual([], self.lifting())
        self.assertEqual(['lock', 'unlock'], self.actions())
        self.assertEqual(['instance.unlock', 'lockstatus.unlock'],
                         self.sent())
        answer = self.nova.request(
            'GET', '/v2.1/servers/%s/os-instance-actions' % self.server_id,
            'owner')
        unlock, = (action for action in answer.json['instanceActions']
                   if action['action'] == 'unlock')
        self.assertIsNone(unlock['user_id'])
        self.assertEqual(
            {unlock['request_id']},
            {sent['payload']['nova_object.data']['request_id'] for sent
             in self.nova.services.notifier.versioned_notifications
             if sent['event_type'] == 'lockstatus.unlock'})

    def test_another_lock_is_left(self):
        self.set_lock('member', locked_reason='stays')
        self.lock_for(token='admin', release=True)
        self.nova.services.notifier.reset()
        time.sleep(0.4)
        self.look()
        self.assertEqual((True, 'owner', 'stays'), self.columns())
        self.assertEqual(['lock', 'lock', 'lift_lock'], self.actions())
        self.assertEqual(['lockstatus.unlock'], self.sent())

    def test_lock_without_release_stays(self):
        self.lock_for()
        time.sleep(0.4)
        self.look()
        self.assertEqual((True, 'owner', None), self.columns())
        self.assertEqual(['lock'], self.actions())

    def test_end_that_is_put_off(self):
        self.lock_for(0.8, release=True)
        self.look()
        self.lock_for(3600)
        time.sleep(0.8)
        self.look()
        self.assertEqual((True, 'owner', None), self.columns())

    def test_clocks_that_are_ahead(self):
        """The clock of the database counts."""
        self.set_lock(locked_until=case.in_time(seconds=20), release=True)
        ahead = timeutils.utcnow() + datetime.timedelta(seconds=30)
        with time_fixture.TimeFixture(ahead):
            self.look()
        self.assertEqual((True, 'owner', None), self.columns())

    def test_clock_of_the_watch_that_is_behind(self):
        self.look()
        self.lock_for(release=True)
        time.sleep(0.4)
        behind = timeutils.utcnow() - datetime.timedelta(seconds=30)
        with time_fixture.TimeFixture(behind):
            self.look()
        self.assertEqual((False, None, None), self.columns())

    def test_two_watches(self):
        servers = [self.server_id, *(
            self.boot('db%d' % number) for number in range(4))]
        until = (timeutils.utcnow() + datetime.timedelta(seconds=1.5)
                 ).isoformat() + 'Z'
        for server_id in servers:
            self.assertEqual(202, self.act(
                {'lock': {'locked_until': until, 'release': True}},
                server_id=server_id).status_code)
        self.nova.services.notifier.reset()
        time.sleep(1.6)
        watches = [threading.Thread(target=self.look, args=[
            lock_ends.LockEnds(CONF)]) for _ in range(2)]
        for thread in watches:
            thread.start()
        for thread in watches:
            thread.join()
        self.assertEqual(
            ['instance.unlock'] * len(servers)
            + ['lockstatus.unlock'] * len(servers), sorted(self.sent()))

    def test_announced_long_after_the_lifting(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.watch.lock_ends.RENEW_SECONDS', -1))
        self.lock_for(release=True)
        self.nova.services.notifier.reset()
        time.sleep(0.4)
        self.look()
        self.assertEqual(['instance.unlock', 'lockstatus.unlock'],
                         self.sent())
        self.assertEqual([], self.lifting())

    def test_off_without_the_extension(self):
        # As the options of the class have it.
        self.addCleanup(CONF.set_override, 'enabled_extensions', case.ALIASES,
                        group='lockstatus')
        CONF.set_override('enabled_extensions', ['os-server-locked-status'],
                          group='lockstatus')
        self.assertEqual(0, self.watch.interval)


class KilledTestCase(LockEndsTestCase):
    """A watch is killed between the lifting and the notification."""

    def setUp(self):
        super().setUp()
        self.lock_for(release=True)
        time.sleep(0.4)
        self.nova.services.notifier.reset()
        with self.kill_before('nova_lockstatus.events.notifications.'
                              'server_lock.send_changed'):
            self.look()
        self.assertEqual((False, None, None), self.columns())
        self.assertEqual([], self.sent())
        self.assertEqual(1, len(self.lifting()))

    def look_later(self, watch):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.core.lock_ends.UNANNOUNCED_SECONDS', 0))
        self.look(watch)

    def test_another_watch_announces_it(self):
        other = lock_ends.LockEnds(CONF)
        self.look(other)
        self.assertEqual([], self.sent())
        self.look_later(other)
        self.assertEqual(['instance.unlock', 'lockstatus.unlock'],
                         self.sent())
        self.assertEqual([], self.lifting())
        self.look(other)
        self.assertEqual(2, len(self.sent()))

    def test_lock_in_between(self):
        self.set_lock('member')
        self.assertEqual(1, len(self.lifting()))

    def test_only_one_watch_announces_it(self):
        with self.kill_before('nova_lockstatus.events.notifications.'
                              'server_lock.send_changed'):
            self.look_later(lock_ends.LockEnds(CONF))
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.core.lock_ends.UNANNOUNCED_SECONDS', 10))
        self.assertIsNone(gateway.claim(self.context(), self.server_id))

    def test_renewed_by_the_one_that_has_it(self):
        lifting = rules.decode(self.lifting()[0])
        renewed = gateway.renew(self.context(), self.server_id, lifting)
        assert renewed is not None
        self.assertGreater(renewed.since, lifting.since)
        # Another process has it now.
        self.assertIsNone(gateway.renew(
            self.context(), self.server_id, lifting))
        gateway.announced(self.context(), self.server_id, lifting)
        self.assertEqual(1, len(self.lifting()))
        gateway.announced(self.context(), self.server_id, renewed)
        self.assertEqual([], self.lifting())

    def test_image_does_not_get_it(self):
        before = set(self.nova.images)
        answer = self.act({'createImage': {'name': 'copy'}})
        self.assertEqual(202, answer.status_code, answer.text)
        self.nova.wait_for(self.server_id, 'ACTIVE')
        image, = set(self.nova.images) - before
        properties = self.nova.images[image]['properties']
        self.assertIn('image_type', properties)
        self.assertNotIn(rules.UNANNOUNCED_KEY, properties)


class FailsTestCase(LockEndsTestCase):

    def test_busy_server_is_tried_again_later(self):
        self.lock_for(release=True)
        time.sleep(0.4)
        before = len(self.nova.log)
        with base.failing('migrations'):
            for _ in range(3):
                self.look()
        self.assertEqual((True, 'owner', None), self.columns())
        self.assertEqual(1, self.nova.log[before:].count(
            'but the lock is not lifted'))
        with fixtures.MonkeyPatch('nova_lockstatus.watch.cell_ends.'
                                  'RETRY_SECONDS', 0):
            self.look(lock_ends.LockEnds(CONF))
        self.assertEqual((False, None, None), self.columns())


class ReadTestCase(LockEndsTestCase):

    def read(self, since=None):
        return {found.uuid: sorted(
            (end.kind, end.at) for end in found.ends)
            for page in gateway.read(self.context(), since)
            for found in page}

    def test_ends_of_all_locks(self):
        now = timeutils.utcnow().replace(microsecond=0)
        hour = datetime.timedelta(hours=1)
        self.set_lock('owner', release=True,
                      locked_until=(now + 2 * hour).isoformat() + 'Z')
        self.set_lock('member', level='delete',
                      locked_until=(now + hour).isoformat() + 'Z')
        self.set_lock('admin')
        self.assertEqual(
            [(rules.EXPIRY, now + hour), (rules.RELEASE, now + 2 * hour)],
            self.read()[self.server_id])
        self.assertIn(self.server_id, self.read(
            now - datetime.timedelta(minutes=1)))
        self.assertEqual({}, self.read(now + datetime.timedelta(minutes=1)))

    def test_statements(self):
        """They do not grow with the servers."""
        self.lock_for(3600, release=True)
        self.read()
        for _ in range(2):
            with base.statements() as executed:
                list(gateway.read(self.context()))
            found = [text for text in executed if 'instance' in text]
            self.assertEqual(2, len(found), found)
            self.act({'lock': {'locked_until': case.in_time(hours=1)}},
                     server_id=self.boot('other'))
