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

import testtools

from nova_lockstatus.utils.threads import Bulkhead
from nova_lockstatus.utils.threads import run_parallel


class CallForEachTestCase(testtools.TestCase):

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


class PatienceTestCase(testtools.TestCase):

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
