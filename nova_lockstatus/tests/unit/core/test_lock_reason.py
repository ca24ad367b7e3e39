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

import hypothesis
import testtools
from hypothesis import strategies

from nova_lockstatus.core import lock_reason

REASONS = strategies.text(
    strategies.characters(exclude_categories=['Cs']), min_size=1,
    max_size=255)

LOCK = '\U0001f512'


class StoredReasonTestCase(testtools.TestCase):

    @hypothesis.given(REASONS, strategies.booleans())
    def test_comes_back_as_it_was(self, reason, wide):
        rows = lock_reason.rows(reason, wide)
        self.assertEqual(reason, lock_reason.read(rows))
        self.assertTrue(set(rows) <= set(lock_reason.KEYS))
        for value in rows.values():
            self.assertTrue(len(value) <= len(reason))
            self.assertTrue(wide or not lock_reason.is_wide(value))

    def test_stored_as_nova_stores_it_where_that_is_possible(self):
        self.assertEqual({'locked_reason': LOCK},
                         lock_reason.rows(LOCK, wide=True))
        self.assertEqual({'locked_reason': 'ü'},
                         lock_reason.rows('ü', wide=False))
        self.assertEqual({}, lock_reason.rows(None, wide=False))

    def test_nova_can_show_what_stands_in_its_place(self):
        rows = lock_reason.rows('a' + LOCK, wide=False)
        self.assertEqual('a\ufffd', rows['locked_reason'])

    def test_rest_of_another_lock_does_not_count(self):
        # Nova without the plugin unlocks and locks again.
        rows = lock_reason.rows('a' + LOCK, wide=False)
        del rows['locked_reason']
        self.assertIsNone(lock_reason.read(rows))
        rows['locked_reason'] = 'unpaid'
        self.assertEqual('unpaid', lock_reason.read(rows))

    def test_damaged_rest_does_not_count(self):
        rows = lock_reason.rows('a' + LOCK, wide=False)
        for key in (lock_reason.HIGH_KEY, lock_reason.LOW_KEY):
            for damage in ('', 'x', '\ue000' * 9, '\x00\x00', '..'):
                self.assertEqual('a\ufffd',
                                 lock_reason.read({**rows, key: damage}))

    def test_replaced(self):
        image = {'image_os_type': 'linux'}
        other = lock_reason.rows(LOCK, wide=False)
        for stored in ({}, {'locked_reason': 'new'}, other):
            for read in ({}, {'locked_reason': 'old'}, other):
                self.assertEqual(
                    {**image, **stored}, lock_reason.replace(
                        {**image, **read}, {'old_vm_state': 'x', **stored}))
