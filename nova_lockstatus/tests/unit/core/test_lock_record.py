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

from nova_lockstatus import exception
from nova_lockstatus.core import lock_record
from nova_lockstatus.core.lock_record import VisibleLock

NOW = datetime.datetime(2026, 12, 1, 8)
HOUR = datetime.timedelta(hours=1)

RECORD = lock_record.LockRecord(
    id='a', scope=lock_record.SERVER, scope_id='s', level=lock_record.CHANGE,
    locked_by='owner', user_id='u', project_id='p', reason=None, origin=None,
    since=NOW - HOUR, until=None)


def record(**changes):
    return dataclasses.replace(RECORD, **changes)


class StandsTestCase(testtools.TestCase):

    def test_without_an_end(self):
        self.assertFalse(lock_record.is_expired(RECORD, NOW))
        self.assertTrue(lock_record.stands(RECORD, NOW))

    def test_before_its_end(self):
        for release in (False, True):
            found = record(until=NOW + HOUR, release=release)
            self.assertFalse(lock_record.is_expired(found, NOW))
            self.assertTrue(lock_record.stands(found, NOW))

    def test_at_its_end(self):
        for until in (NOW, NOW - HOUR):
            self.assertTrue(lock_record.is_expired(record(until=until), NOW))
            self.assertTrue(lock_record.stands(record(until=until), NOW))
            self.assertFalse(lock_record.stands(
                record(until=until, release=True), NOW))


class StrictestFirstTestCase(testtools.TestCase):

    def test_level_then_holder_then_age(self):
        wanted = [
            record(id='5', locked_by='admin'),
            record(id='4', locked_by='admin', since=NOW - 2 * HOUR),
            record(id='3'),
            record(id='6', since=NOW - 2 * HOUR),
            record(id='7', since=NOW - 2 * HOUR),
            record(id='2', level='delete', locked_by='admin'),
            record(id='1', level='delete', since=NOW)]
        for given in (wanted, wanted[::-1]):
            self.assertEqual(wanted, lock_record.strictest_first(given))


class ParseUntilTestCase(testtools.TestCase):

    def assertParsed(self, wanted, value, max_lock_time=0):
        self.assertEqual(wanted, lock_record.parse_until(
            value, NOW, max_lock_time))

    def assertRefused(self, problem, value, max_lock_time=0):
        error = self.assertRaises(
            exception.InvalidLockTime, lock_record.parse_until, value, NOW,
            max_lock_time)
        self.assertEqual('Invalid input for field/attribute locked_until. '
                         'Value: %s. %s' % (value, problem), str(error))

    def test_time_zones(self):
        for value in ('2026-12-24T08:00:00Z', '2026-12-24T08:00Z',
                      '2026-12-24T09:00:00+01:00', '20261224T080000Z',
                      '2026-12-24T03:00:00-05:00', '2026-12-24T08:00+00'):
            self.assertParsed(datetime.datetime(2026, 12, 24, 8), value)

    def test_microseconds(self):
        self.assertParsed(datetime.datetime(2026, 12, 24, 8, 0, 0, 250000),
                          '2026-12-24T08:00:00.25Z')

    def test_no_time(self):
        for value in ('', 'tomorrow', '2026-12-24', '2026-12-24T08:00:00',
                      '2026-13-24T08:00:00Z', '2026-12-24 08:00:00Z',
                      '2026-12-24T08:00:00Z\n', '0001-01-01T00:00+01:00',
                      '9999-12-31T23:59:59-01:00', '9' * 70,
                      '\u0662026-12-24T08:00:00Z'):
            self.assertRefused(
                'It is no time of ISO 8601 with a time zone, such as '
                '2026-12-24T08:00:00Z.', value)

    def test_past(self):
        for value in ('2026-12-01T08:00:00Z', '2026-12-01T08:30:00+01:00'):
            self.assertRefused('It is in the past.', value)

    def test_too_far_ahead(self):
        self.assertParsed(NOW + HOUR, '2026-12-01T09:00:00Z', 3600)
        self.assertRefused('It is more than 3600 s ahead.',
                           '2026-12-01T09:00:01Z', 3600)


class DescribeTestCase(testtools.TestCase):

    def test_parts(self):
        for wanted, lock in (
                ('lock', VisibleLock()),
                ('lock by owner', VisibleLock(
                    'server', 'change', 'owner')),
                ('lock against deletion by admin: keep', VisibleLock(
                    level='delete', locked_by='admin', reason='keep')),
                ('project lock by admin until 2026-12-24 08:00 UTC: unpaid',
                 VisibleLock('project', 'change', 'admin', 'unpaid',
                             datetime.datetime(2026, 12, 24, 8))),
                ('host lock: maintenance', VisibleLock(
                    'host', reason='maintenance'))):
            self.assertEqual(wanted, lock_record.describe(lock))

    def test_reason_cannot_steer_a_terminal(self):
        self.assertNotIn('\x1b', lock_record.describe(
            VisibleLock(reason='\x1b[2J')))

    def test_end_is_not_written_earlier_than_it_is(self):
        for wanted, until in (
                ('2026-12-24 08:00:30 UTC',
                 datetime.datetime(2026, 12, 24, 8, 0, 30)),
                ('2026-12-24 08:00:01 UTC',
                 datetime.datetime(2026, 12, 24, 8, 0, 0, 1)),
                ('9999-12-31 23:59:59 UTC', datetime.datetime.max)):
            self.assertEqual(wanted, lock_record.format_until(until))
