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

import threading

import testtools

from nova_lockstatus.events.webhook import batcher
from nova_lockstatus.tests.fixtures.webhook_config import CHANGE


class BatcherTestCase(testtools.TestCase):

    def events(self, count):
        return [batcher.PendingEvent(CHANGE, {'id': number}, None)
                for number in range(count)]

    def post(self, batch):
        self.posted.append([event.event['id'] for event in batch])
        for event in batch:
            event.status = 204

    def setUp(self):
        super().setUp()
        self.posted = []

    def test_sizes_and_order(self):
        for size, expected in ((1, [[0], [1], [2], [3], [4]]),
                               (2, [[0, 1], [2, 3], [4]]),
                               (9, [[0, 1, 2, 3, 4]])):
            self.posted = []
            events = self.events(5)
            batcher.Batcher(self.post, size, 1).post(events)
            self.assertEqual(expected, self.posted)
            self.assertEqual({204}, {event.status for event in events})

    def test_nothing(self):
        batcher.Batcher(self.post, 5, 5).post([])
        self.assertEqual([], self.posted)

    def test_no_more_at_the_same_time(self):
        running, most = [0], [0]
        lock = threading.Lock()
        barrier = threading.Barrier(3, timeout=30)

        def post(batch):
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            barrier.wait()
            with lock:
                running[0] -= 1

        made = batcher.Batcher(post, 1, 3)
        made.post(self.events(9))
        self.assertEqual(3, most[0])

    def test_defect(self):
        """It is raised where the event belongs, and the next are posted."""
        def fail(batch):
            if batch[0].event['id'] == 0:
                raise ValueError
            self.post(batch)

        events = self.events(4)
        batcher.Batcher(fail, 2, 1).post(events)
        self.assertEqual([True, True, False, False], [
            isinstance(event.error, ValueError) for event in events])
        self.assertEqual([[2, 3]], self.posted)
