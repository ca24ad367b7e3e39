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

"""Events that are dropped after too long or on a final answer."""

import threading

import fixtures
from nova.conf import CONF

from nova_lockstatus.db import outbox_lease
from nova_lockstatus.events import retention
from nova_lockstatus.events import sinks
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fixtures.webhook_case import WebhooksTestCase


class GivenUpTestCase(WebhooksTestCase):

    def test_too_many(self):
        self.set('lockstatus', webhook_queue=3)
        self.servers['acme'].answers = [(500, {})]
        self.pause_after_failures()
        self.put('compute1', forced_down=True)
        self.deliver('acme')
        self.fill('webhook:acme', ['gone%d' % number for number in range(4)])
        self.fill('webhook:other', ['gone5'])
        self.keep_limits()
        self.assertEqual((3, 2), (self.waits('acme'), self.waits('other')))
        said = ('Events are given up, as more than 3 were waiting: 2 for '
                'webhook:acme.')
        self.assertEqual(1, self.count_logged(said))
        self.fill('webhook:acme', ['gone6', 'gone7'])
        self.keep_limits()
        self.assertEqual(3, self.waits('acme'))
        self.assertEqual(2, self.count_logged(said))
        # What was first is what is gone.
        self.assertEqual('gone3', outbox_lease.claim(
            self.store, 'me', [sinks.webhook('acme')]).change.host)

    def keep_limits(self):
        retention.OutboxRetention(CONF, self.store).run(self.watch.stop)

    def pause_after_failures(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.webhook.retry_delays.QUICK_SECONDS', 60))

    def test_too_old(self):
        self.fill('webhook:acme', ['gone1', 'gone2'], 3601)
        self.put('compute1', forced_down=True)
        self.keep_limits()
        self.assertEqual(1, self.waits('acme'))
        self.assertIn('Events are given up, as they are more than 3600 s '
                      'old: 2 for webhook:acme.', self.nova.log)

    def test_no_watch_runs(self):
        """nova-api gives up what is too late, now and then."""
        self.fill('webhook:acme', ['gone1', 'gone2'], 3601)
        self.put('compute1', forced_down=True)
        self.wait()
        self.assertEqual(3, self.waits('acme'))
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.events.retention.INTERVAL_SECONDS', 0))
        self.put('compute1', forced_down=False)
        self.wait()
        self.assertEqual(2, self.waits('acme'))
        self.assertIn('s old: 2 for webhook:acme.', self.nova.log)

    def test_too_old_while_it_is_told(self):
        self.boot('more', host='compute1')
        self.fill('webhook:acme', ['compute1'], 1800)
        acme = self.servers['acme']
        acme.goes_on.clear()
        thread = threading.Thread(target=self.deliver, args=('acme',))
        thread.start()
        self.assertTrue(acme.wait_for(1))
        self.set('lockstatus', webhook_give_up=1700)
        acme.goes_on.set()
        thread.join()
        self.assertEqual([('s1', 'UP', 'DOWN')], self.events('acme'))
        self.assertEqual(0, self.waits('acme'))
        self.assertEqual(1, self.count_logged(
            'older than [lockstatus]webhook_give_up: for the webhook acme'))

    def test_dead_until_it_is_too_old(self):
        self.servers['acme'].answers = [(500, {})]
        self.pause_after_failures()
        self.fill('webhook:acme', ['compute1'], 1800)
        task = self.webhook('acme')
        for _ in range(3):
            task.run(self.watch.stop)
        self.assertEqual(1, self.waits('acme'))
        self.set('lockstatus', webhook_give_up=1700)
        self.keep_limits()
        self.assertEqual(0, self.waits('acme'))
        self.assertEqual(1, len(self.servers['acme'].requests))

    def test_webhook_that_is_not_there_any_more(self):
        self.fill('webhook:former', ['gone1', 'gone2'], 3601)
        self.fill('webhook:former', ['gone3'], 3000)
        self.keep_limits()
        self.assertEqual(1, self.waits('former'))
        self.assertIn('s old: 2 for webhook:former.', self.nova.log)

    def test_store_that_is_away(self):
        outbox_retention = retention.OutboxRetention(CONF, self.store)
        with store_databases.cut_off(self.store):
            outbox_retention.run(self.watch.stop)
        outbox_retention.run(self.watch.stop)
        what = ('The database of the plugin cannot be used (task: limits of '
                'the outbox): ')
        self.assertEqual(1, self.count_logged(what + 'StoreUnreachable'))
        self.assertEqual(1, self.count_logged(what + 'works again.'))
