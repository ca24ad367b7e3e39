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

from nova_lockstatus.watch.guard import history


class GuardHistoryTestCase(testtools.TestCase):

    def test_growing_pauses(self):
        timer = history.BackoffTimer()
        now, times = 1000, []
        while len(times) < 5:
            if timer.is_due(now):
                timer.restart(now, (10, 60))
                times.append(now)
            now += 1
        self.assertEqual([1000, 1010, 1030, 1070, 1130], times)

    def test_forgets_what_a_whole_look_did_not_find(self):
        seen = history.GuardHistory()
        seen.state('found').reported_failure = 1
        seen.state('kept').reported_failure = 2
        seen.state('well')
        seen.forget_others()
        seen.state('found')
        seen.keep('kept')
        seen.keep('never seen')
        seen.forget_others()
        self.assertEqual(2, len(seen))
        self.assertEqual([1, 2], [seen.state('found').reported_failure,
                                  seen.state('kept').reported_failure])
