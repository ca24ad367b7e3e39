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
import time

import fixtures
import testtools

from nova_lockstatus.utils.threads import Bulkhead
from nova_lockstatus.utils.threads import SerialWorker
from nova_lockstatus.utils.threads import run_parallel


class WorkerTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.done = []
        self.goes_on = threading.Event()
        self.addCleanup(self.goes_on.set)
        self.log = self.useFixture(fixtures.FakeLogger())

    def do(self, work):
        self.goes_on.wait(60)
        if isinstance(work, Exception):
            raise work
        self.done.append(work)

    def test_done_in_order_and_nobody_waits(self):
        working = SerialWorker(self.do)
        for number in range(100):
            working.put(number)
        self.assertTrue(working.is_busy)
        self.assertFalse(working.wait(0.01))
        self.assertEqual([], self.done)
        self.goes_on.set()
        self.assertTrue(working.wait(60))
        self.assertEqual(list(range(100)), self.done)

    def test_one_thread_and_none_without_work(self):
        working = SerialWorker(self.do)
        before = threading.active_count()
        self.assertTrue(working.wait(0))
        working.put(1)
        working.put(2)
        self.assertEqual(before + 1, threading.active_count())
        self.goes_on.set()
        working.wait(60)
        working.put(3)
        self.assertTrue(working.wait(60))
        self.assertEqual([1, 2, 3], self.done)
        self.assertFalse(working.is_busy)

    def test_thread_does_not_keep_the_process(self):
        daemons = []
        working = SerialWorker(
            lambda work: daemons.append(threading.current_thread().daemon))
        working.put(1)
        working.wait(60)
        self.assertEqual([True], daemons)

    def test_failure_is_logged_and_the_next_is_done(self):
        self.goes_on.set()
        working = SerialWorker(self.do)
        working.put(ValueError('broken'))
        working.put(2)
        working.wait(60)
        self.assertEqual([2], self.done)
        self.assertIn('ValueError: broken', self.log.output)

    def test_what_is_too_much_is_given_up(self):
        taken = threading.Event()

        def do(work):
            taken.set()
            self.do(work)

        working = SerialWorker(do, capacity=2)
        working.put(1)
        taken.wait(60)
        for number in (2, 3, 4):
            working.put(number)
        self.assertIn('A background task is given up, as 2 are waiting '
                      'already: 4', self.log.output)
        self.goes_on.set()
        working.wait(60)
        self.assertEqual([1, 2, 3], self.done)

    def test_thread_that_has_died_is_replaced(self):
        def die(work):
            if work == 1:
                raise SystemExit
            self.done.append(work)

        working = SerialWorker(die)
        working.put(1)
        self.assertTrue(working.wait(60))
        working.put(2)
        self.assertTrue(working.wait(60))
        self.assertEqual([2], self.done)


class RunParallelTestCase(testtools.TestCase):

    def test_each_once_and_all_are_waited_for(self):
        done = []

        def work(item):
            time.sleep(0.01)
            done.append(item)

        for workers in (1, 3, 50):
            done.clear()
            run_parallel(work, range(20), workers)
            self.assertEqual(list(range(20)), sorted(done))

    def test_who_does_not_end_is_not_waited_for(self):
        released, found = threading.Event(), []
        self.addCleanup(released.set)

        def work(item):
            found.append(threading.current_thread())
            released.wait(60)

        started = time.monotonic()
        run_parallel(work, range(9), 3, 0.2)
        self.assertLess(time.monotonic() - started, 10)
        self.assertEqual(3, len(found))
        # Nor when the process ends.
        self.assertEqual({True}, {thread.daemon for thread in found})


class BulkheadTestCase(testtools.TestCase):

    def test_what_it_returns_and_what_it_raises(self):
        patience = Bulkhead(60)
        self.assertEqual(1, patience.call('a', lambda: 1))
        self.assertRaises(ZeroDivisionError, patience.call, 'a',
                          lambda: 1 // 0)

    def test_what_hangs_is_not_called_again(self):
        released, called = threading.Event(), []
        self.addCleanup(released.set)

        def hang():
            called.append(threading.current_thread())
            released.wait(60)

        patience = Bulkhead(0.1)
        for _ in range(3):
            self.assertRaises(TimeoutError, patience.call, 'a', hang)
        thread, = called
        self.assertTrue(thread.daemon)
        # What is of another kind does not hang.
        self.assertEqual(1, patience.call('b', lambda: 1))
        released.set()
        thread.join(60)
        self.assertEqual(2, patience.call('a', lambda: 2))
