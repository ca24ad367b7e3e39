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

import testtools

from nova_lockstatus.events.webhook import endpoint
from nova_lockstatus.events.webhook import retry_delays
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase

HOUR = 3600


class ScheduleTestCase(testtools.TestCase):

    def test_quick(self):
        self.assertEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300],
                         retry_delays.schedule('quick'))

    def test_standard(self):
        schedule = retry_delays.schedule('standard')
        starts = [sum(schedule[:count]) for count in range(1, 10)]
        # The times since the start that the standard has in its table.
        self.assertEqual(
            ['0:00:05', '0:05:05', '0:35:05', '2:35:05', '7:35:05',
             '17:35:05', '31:35:05', '51:35:05', '75:35:05'],
            ['%d:%02d:%02d' % (start // HOUR, start // 60 % 60, start % 60)
             for start in starts])

    def test_standard_backoff(self):
        backoff = retry_delays.backoff('standard')
        for seconds in (*retry_delays.STANDARD_SECONDS, 24 * HOUR, 24 * HOUR):
            pause = backoff.failed()
            self.assertTrue(0.9 * seconds <= pause <= seconds, pause)
        backoff.worked()
        self.assertLessEqual(backoff.failed(), 5)

    def test_event_waits_longer_than_its_webhook(self):
        for pause, seconds in ((1, 2), (300, 600), (HOUR, HOUR + 300)):
            self.assertEqual(seconds, retry_delays.after_pause(pause))


class ProblemTestCase(WebhookTestCase):

    def test_give_up(self):
        for name, give_up, wrong in (
                ('quick', 60, False), ('standard', 3600, True),
                ('standard', 270000, True), ('standard', 280000, False)):
            self.configure('acme', retries=name)
            webhook, = endpoint.read(self.conf)
            problem = retry_delays.problem(webhook, give_up)
            self.assertEqual(wrong, problem is not None)
        self.configure('acme', retries='standard')
        webhook, = endpoint.read(self.conf)
        self.assertEqual(
            'The webhook acme has retries = standard, which take 274510 s, '
            'but [lockstatus]webhook_give_up ends them after 3600 s. Set it '
            'to 280000, in the configuration of nova-api, too.',
            retry_delays.problem(webhook, 3600))
