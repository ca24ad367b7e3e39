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

import datetime
import time

import testtools

from nova_lockstatus.events.webhook.client import seconds_until
from nova_lockstatus.utils.backoff import Backoff

SCHEDULE = (1, 2, 4, 8, 16, 32, 64, 128, 256, 300)


class BackoffTestCase(testtools.TestCase):

    def test_pauses_grow(self):
        backoff = Backoff(SCHEDULE, 0.5)
        self.assertTrue(backoff.is_over)
        for expected in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
            self.assertTrue(expected / 2 <= backoff.failed() <= expected)
            self.assertFalse(backoff.is_over)
        backoff.worked()
        self.assertLessEqual(backoff.failed(), 1)

    def test_pauses_differ(self):
        self.assertGreater(
            len({Backoff(SCHEDULE, 0.5).failed() for _ in range(20)}), 1)

    def test_it_ends(self):
        backoff = Backoff([0.01], 0.5)
        time.sleep(backoff.failed())
        self.assertTrue(backoff.is_over)

    def test_after_very_many_failures(self):
        backoff = Backoff(SCHEDULE, 0.5)
        for _ in range(2000):
            backoff.failed()
        self.assertLessEqual(backoff.failed(), 300)

    def test_longer_where_it_is_asked_for(self):
        self.assertEqual(120, Backoff(SCHEDULE, 0.5).failed(120))
        # Not shorter.
        self.assertGreaterEqual(Backoff(SCHEDULE, 0.5).failed(0), 0.5)

    def test_retry_after(self):
        now = datetime.datetime(2026, 11, 21, 12, 0, 0,
                                tzinfo=datetime.timezone.utc).timestamp()
        for text, seconds in (
                (None, 0), ('', 0), ('soon', 0), ('1.5', 0), ('-3', 0),
                ('7', 7), (' 7 ', 7), ('100000', 900), ('9' * 400, 900),
                ('Sat, 21 Nov 2026 12:01:00 GMT', 60),
                ('Sat, 21 Nov 2026 11:00:00 GMT', 0),
                ('Sat, 21 Nov 2099 11:00:00 GMT', 900),
                ('Sat, 99 Nov 2026 11:00:00 GMT', 0)):
            self.assertEqual(seconds, seconds_until(text, now, 900), text)
