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

import types

import fixtures
import testtools

from nova_lockstatus.api import after_response


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
        self.assertFalse(after_response.green_threads_are_blocked())
