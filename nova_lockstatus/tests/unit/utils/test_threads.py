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

"""The thread that announces, and what it is told."""

import dataclasses
import datetime
import threading
import types
import uuid

import fixtures
import testtools

from nova_lockstatus.api import after_response
from nova_lockstatus.core import host_event
from nova_lockstatus.utils.threads import SerialWorker

SERVER = '9168b536-cd40-4630-b43f-b259807c6e87'


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
        self.assertIn('2 pieces of work wait already: 4 is given up',
                      self.log.output)
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


class ChangeTestCase(testtools.TestCase):

    CHANGE = host_event.StatusChange(
        id='0f2bd3a5-7c1e-4a43-9d0b-5e1c6a7f8b92', cell=str(uuid.uuid4()),
        host='compute1', old='UP', new='DOWN',
        changed_at=datetime.datetime.now(datetime.timezone.utc))

    def test_id_tells_changes_and_servers_apart(self):
        expected = self.CHANGE.announcement_id(SERVER)
        self.assertEqual(
            expected,
            dataclasses.replace(self.CHANGE).announcement_id(SERVER))
        self.assertNotEqual(
            expected, self.CHANGE.announcement_id(str(uuid.uuid4())))
        self.assertNotEqual(
            expected, dataclasses.replace(
                self.CHANGE, id=str(uuid.uuid4())).announcement_id(SERVER))
        self.assertEqual(5, uuid.UUID(expected).version)

    def test_id_stays_the_same_between_releases(self):
        self.assertEqual('872e74b6-519f-559f-93b7-076db6de2f19',
                         self.CHANGE.announcement_id(SERVER))


class Body:
    """An answer that a server closes."""

    def __init__(self, error=None):
        self.events = []
        self._error = error

    def __iter__(self):
        self.events.append('read')
        return iter([b'an', b'swer'])

    def close(self):
        self.events.append('closed')
        if self._error:
            raise self._error


class AfterwardsTestCase(testtools.TestCase):

    def test_after_the_answer(self):
        body = Body()
        answer = after_response.ClosingIterator(
            body, lambda: body.events.append('done'))
        self.assertEqual(b'answer', b''.join(answer))
        answer.close()
        self.assertEqual(['read', 'closed', 'done'], body.events)

    def test_answer_that_cannot_be_closed(self):
        body = Body(ValueError('torn'))
        answer = after_response.ClosingIterator(
            body, lambda: body.events.append('done'))
        self.assertRaises(ValueError, answer.close)
        self.assertEqual(['closed', 'done'], body.events)

    def test_answer_without_close(self):
        done = []
        answer = after_response.ClosingIterator([b'a'], lambda: done.append(1))
        self.assertEqual([b'a'], list(answer))
        answer.close()
        self.assertEqual([1], done)

    def test_native_threads_go_on(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova_lockstatus.api.after_response.sys', types.SimpleNamespace(
                modules={'greenlet': object()})))
        self.assertFalse(after_response.green_threads_stand_still())
