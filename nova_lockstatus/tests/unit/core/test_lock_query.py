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

import dataclasses
import datetime

import testtools

from nova_lockstatus.core import lock_record
from nova_lockstatus.core.lock_query import LockQuery

NOW = datetime.datetime(2026, 12, 1, 8)
HOUR = datetime.timedelta(hours=1)

RECORD = lock_record.LockRecord(
    id='1', scope=lock_record.SERVER, scope_id='s', level=lock_record.CHANGE,
    locked_by='owner', user_id='u', project_id='p', reason='why',
    origin='billing', since=NOW - 2 * HOUR, until=NOW - HOUR)


class LockQueryTestCase(testtools.TestCase):

    def test_each_filter(self):
        for fits, misses in (
                ({'level': 'change'}, {'level': 'delete'}),
                ({'origin': 'billing'}, {'origin': 'bill'}),
                ({'locked_by': 'owner'}, {'locked_by': 'admin'}),
                ({'expired': True}, {'expired': False})):
            self.assertTrue(LockQuery(**fits).has(RECORD, NOW), fits)
            self.assertFalse(LockQuery(**misses).has(RECORD, NOW), misses)
        self.assertTrue(LockQuery().has(RECORD, NOW))

    def test_not_one_that_is_lifted_at_its_end(self):
        released = dataclasses.replace(RECORD, release=True)
        self.assertFalse(LockQuery().has(released, NOW))
        self.assertTrue(LockQuery().has(released, NOW - 2 * HOUR))
