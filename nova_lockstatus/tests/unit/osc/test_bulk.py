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

from nova_lockstatus.osc import bulk
from nova_lockstatus.osc import error


class RunEachTestCase(testtools.TestCase):

    def test_order_and_failures(self):
        def work(item):
            if item == 2:
                raise error.CommandError('two')
            return item * 10

        steps = []
        outcomes = bulk.run_each(work, [3, 2, 1], 2, lambda: steps.append(1))
        self.assertEqual(
            [(3, 30, 'None'), (2, None, 'two'), (1, 10, 'None')],
            [(outcome.item, outcome.result, str(outcome.failure))
             for outcome in outcomes])
        self.assertEqual(3, len(steps))

    def test_a_bug_is_not_swallowed(self):
        self.assertRaises(ZeroDivisionError, bulk.run_each,
                          lambda item: 1 / item, [0], 1)

    def test_as_many_at_a_time_as_asked_for(self):
        together = threading.Barrier(3, timeout=10)
        lock = threading.Lock()
        running, most = [], []

        def work(item):
            with lock:
                running.append(item)
                most.append(len(running))
            together.wait()
            with lock:
                running.remove(item)

        bulk.run_each(work, range(9), 3)
        self.assertEqual(3, max(most))

    def test_what_has_not_begun_does_not_begin_after_ctrl_c(self):
        begun = []
        released = threading.Event()

        def work(item):
            begun.append(item)
            if item == 1:
                released.wait(10)

        def interrupt():
            threading.Timer(0.5, released.set).start()
            raise KeyboardInterrupt

        self.assertRaises(KeyboardInterrupt, bulk.run_each, work, [0, 1, 2, 3],
                          1, interrupt)
        # The second one may have begun meanwhile.
        self.assertIn(begun, ([0], [0, 1]))
