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

from nova_lockstatus import exception
from nova_lockstatus.utils.prefetch import prefetch


class PrefetchTestCase(testtools.TestCase):

    def test_items_in_their_order(self):
        self.assertEqual(list(range(50)),
                         list(prefetch(lambda: range(50), 10)))
        self.assertEqual([], list(prefetch(list, 10)))

    def test_error_after_the_items_before_it(self):
        def read():
            yield 1
            raise LookupError('gone')

        found = []
        error = self.assertRaises(
            LookupError, lambda: found.extend(prefetch(read, 10)))
        self.assertEqual(('gone', [1]), (str(error), found))

    def test_no_answer(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def read():
            yield 1
            release.wait(60)

        items = prefetch(read, 0.3)
        self.assertEqual(1, next(items))
        before = time.monotonic()
        error = self.assertRaises(exception.NoAnswer, next, items)
        self.assertEqual('There was no answer for 0.3 seconds.', str(error))
        self.assertLess(time.monotonic() - before, 30)

    def test_reads_no_further_than_two_items_ahead(self):
        made = []

        def read():
            for number in range(100):
                made.append(number)
                yield number

        items = prefetch(read, 10)
        next(items)
        time.sleep(0.3)
        self.assertLessEqual(len(made), 3)
        items.close()

    def test_thread_ends_when_nobody_reads_on(self):
        before = threading.active_count()
        items = prefetch(lambda: iter(int, 1), 10)
        next(items)
        items.close()
        deadline = time.monotonic() + 10
        while threading.active_count() > before:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
