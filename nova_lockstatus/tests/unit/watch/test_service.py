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

from nova_lockstatus.watch import service


class Task:
    """A real duty that counts."""

    name = 'counting'

    def __init__(self, interval, error=None):
        self.interval = interval
        self.runs = 0
        self.error = error
        self.ran = threading.Event()

    def run(self, stop):
        self.runs += 1
        if self.runs > 2:
            self.ran.set()
        if self.error:
            raise self.error

    def end(self):
        self.ended_after = self.runs


class Hanging(Task):
    """One that does not end when it is told to."""

    def __init__(self, interval):
        super().__init__(interval)
        self.goes_on = threading.Event()

    def run(self, stop):
        self.goes_on.wait(30)


class WatchTestCase(testtools.TestCase):

    def start(self, *tasks):
        watch = service.Watch(tasks)
        watch.start()
        self.addCleanup(watch.stop)
        return watch

    def test_runs_until_it_is_stopped(self):
        task = Task(0.01)
        watch = self.start(task)
        self.assertTrue(task.ran.wait(10))
        watch.stop()
        watch.wait()
        runs = task.runs
        self.assertFalse([thread for thread in watch._threads
                          if thread.is_alive()])
        self.assertEqual((runs, runs), (task.runs, task.ended_after))

    def test_failure_does_not_end_it_nor_hold_up_others(self):
        broken, other = Task(0.01, ValueError('broken')), Task(0.01)
        self.start(broken, other)
        self.assertTrue(broken.ran.wait(10))
        self.assertTrue(other.ran.wait(10))

    def test_off(self):
        off, other = Task(0), Task(0.01)
        self.start(off, other)
        self.assertTrue(other.ran.wait(10))
        self.assertEqual(0, off.runs)

    def test_duty_that_does_not_end(self):
        """A stop waits for it once: eventlet's launcher calls wait() after."""
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.watch.service.STOP_TIMEOUT', 0.2))
        task = Hanging(0.01)
        self.addCleanup(task.goes_on.set)
        watch = self.start(task)
        start = time.monotonic()
        watch.stop()
        watch.wait()
        self.assertLess(time.monotonic() - start, 5)

    def test_starts_again_after_a_stop(self):
        """So it is when eventlet's launcher gets SIGHUP."""
        task = Task(0.01)
        watch = self.start(task)
        watch.stop()
        watch.wait()
        watch.reset()
        task.ran.clear()
        watch.start()
        self.assertTrue(task.ran.wait(10))
