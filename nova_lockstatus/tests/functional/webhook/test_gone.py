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

"""A webhook that answers 410 is off for all processes, until it is on again.
"""

import datetime

from nova_lockstatus.conf import webhooks as options
from nova_lockstatus.db import webhook_history
from nova_lockstatus.db import webhook_state
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.fixtures.webhook_case import WebhooksTestCase
from nova_lockstatus.watch import webhook_relay


class GoneTestCase(WebhooksTestCase):

    def setUp(self):
        super().setUp()
        self.servers['acme'].answers = [(410, {})]
        for host in ('compute1', 'compute2'):
            self.put(host, forced_down=True)
        self.task = self.webhook('acme')
        for _ in range(2):
            self.task.run(self.watch.stop)

    def test_off_for_all_processes(self):
        self.assertEqual([('s1', 'UP', 'DOWN')], self.events('acme'))
        self.assertEqual(1, self.count_logged(
            'The webhook acme answered with 410 Gone'))
        self.assertEqual('HTTP 410',
                         webhook_state.read(self.store, 'acme').answer)
        # Another process, or this one after a restart.
        other = self.webhook('acme')
        for _ in range(3):
            other.run(self.watch.stop)
        self.assertEqual(webhook_relay.OFF_INTERVAL_SECONDS, other.interval)
        self.assertEqual(1, len(self.servers['acme'].requests))
        self.assertEqual(2, self.waits('acme'))
        self.assertEqual(1, self.count_logged(
            'The webhook acme is off: it has answered with 410 Gone.'))
        # Other webhooks go on.
        self.deliver('other')
        self.assertEqual(2, len(self.events('other')))

    def test_switched_on_again(self):
        other = self.webhook('acme')
        other.run(self.watch.stop)
        self.assertTrue(webhook_state.switch_on(self.store, 'acme'))
        other.run(self.watch.stop)
        self.assertEqual(['s1', 's1', 's2'],
                         [event[0] for event in self.events('acme')])
        self.assertEqual(1, self.count_logged('The webhook acme is on again.'))
        self.task.run(self.watch.stop)
        self.assertFalse(self.task._delivery.is_gone)
        self.assertEqual(webhook_relay.INTERVAL_SECONDS, self.task.interval)

    def test_other_url(self):
        self.set(options.group('acme'),
                 url=self.servers['acme'].url(path='/new'))
        self.deliver('acme')
        self.assertEqual(['s1', 's1', 's2'],
                         [event[0] for event in self.events('acme')])

    def test_store_that_is_away(self):
        with store_databases.cut_off(self.store):
            self.task.run(self.watch.stop)
        self.assertTrue(self.task._delivery.is_gone)
        self.assertEqual(1, len(self.servers['acme'].requests))


class RecordTestCase(WebhooksTestCase):

    def test_final_answers_are_kept(self):
        self.servers['acme'].answers = [(503, {}), (404, {})]
        for host in ('compute1', 'compute2'):
            self.put(host, forced_down=True)
        self.run_until_delivered(self.webhook('acme'), 'acme')
        self.assertEqual([404, 204], [
            row.status for page in webhook_history.read(
                self.store, 'acme', datetime.datetime(1970, 1, 1))
            for row in page])
        self.assertEqual('HTTP 204',
                         webhook_state.read(self.store, 'acme').answer)
