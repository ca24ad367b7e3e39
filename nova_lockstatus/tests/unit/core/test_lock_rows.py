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
import json

import hypothesis
import testtools
from hypothesis import strategies

from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core.lock_rows import Summary
from nova_lockstatus.core.server_lock import Lock

NOW = datetime.datetime(2026, 12, 1, 8)
HOUR = datetime.timedelta(hours=1)

RECORD = lock_record.LockRecord(
    id='1', scope=lock_record.SERVER, scope_id='s', level=lock_record.CHANGE,
    locked_by='owner', user_id='u', project_id='p', reason='why', origin=None,
    since=NOW, until=None)

OTHERS = {'image_os_type': 'linux', 'locked_reason': 'why'}

TEXTS = strategies.none() | strategies.text(
    strategies.characters(exclude_categories=('Cs',)), max_size=255)

RECORDS = strategies.lists(strategies.builds(
    lock_record.LockRecord,
    id=strategies.uuids().map(str), scope=strategies.just('server'),
    scope_id=strategies.just('s'),
    level=strategies.sampled_from(lock_record.LEVELS),
    locked_by=strategies.sampled_from(('owner', 'admin')),
    user_id=TEXTS, project_id=TEXTS, reason=TEXTS, origin=TEXTS,
    since=strategies.datetimes(datetime.datetime(1970, 1, 1)),
    until=strategies.none() | strategies.datetimes(
        datetime.datetime(1970, 1, 1)),
    release=strategies.booleans()), max_size=4,
    unique_by=lambda record: record.id)


def record(**changes):
    return dataclasses.replace(RECORD, **changes)


def summary(*records):
    return lock_rows.read_summary(lock_rows.rows(records))


class RowsTestCase(testtools.TestCase):

    @hypothesis.given(RECORDS)
    def test_round_trip(self, records):
        rows = lock_rows.rows(records)
        self.assertEqual(lock_record.strictest_first(records),
                         lock_rows.read('s', {**OTHERS, **rows}))
        for key, value in rows.items():
            self.assertTrue(lock_rows.is_key(key))
            self.assertTrue(value.isascii() and len(value) <= 255, value)

    def test_first_row_has_what_a_list_is_filtered_by(self):
        """Whatever else a lock has."""
        rows = lock_rows.rows([record(
            level='delete', locked_by='admin', origin='o' * 64, until=NOW,
            release=True, user_id='u' * 255, reason='"' * 255)])
        value = rows[lock_rows.RECORD_PREFIX + '1:0']
        self.assertTrue(value.startswith(
            lock_rows.UNTIL_PREFIX + NOW.strftime(lock_rows.TIME_FORMAT)))
        for text in ('"level": "delete"', '"locked_by": "admin"',
                     '"origin": "%s"' % ('o' * 64)):
            self.assertIn(text, value)

    def test_no_text_of_a_caller_looks_like_a_field(self):
        rows = lock_rows.rows([record(reason='"level": "delete"')])
        self.assertNotIn('"level": "delete"', ''.join(rows.values()))

    def test_no_locks_have_no_rows(self):
        self.assertEqual({}, lock_rows.rows([]))
        self.assertEqual([], lock_rows.read('s', OTHERS))

    def test_damaged(self):
        rows = lock_rows.rows([record(reason='x' * 255)])
        first = 'lockstatus_lock:1:0'
        for damaged in (
                {key: value for key, value in rows.items() if key != first},
                {**rows, first: 'x'}, {'lockstatus_lock:1:0': '[]'},
                {'lockstatus_lock:1:x': '{}'}, {'lockstatus_lock:1:0': '{}'},
                {first: json.dumps({'level': 'x', 'since': None})},
                {first: json.dumps({'unknown': 1})}):
            self.assertRaises(ValueError, lock_rows.read, 's', damaged)

    def test_replace(self):
        old = {**OTHERS, **lock_rows.rows([record()])}
        new = lock_rows.rows([record(id='2')])
        self.assertEqual({**OTHERS, **new}, lock_rows.replace(
            old, {**new, 'other': 'x'}))


class SummaryTestCase(testtools.TestCase):

    def test_without_locks(self):
        self.assertEqual(lock_rows.NO_LOCKS, summary())

    def test_strictest_of_the_level_change(self):
        self.assertEqual(
            Summary(NOW + HOUR, True,
                    lock_rows.fingerprint(Lock('admin', 'why')),
                    first_end=NOW + HOUR, user_id='u'),
            summary(record(), record(id='2', locked_by='admin',
                                     until=NOW + HOUR, release=True)))

    def test_protection(self):
        ends = record(id='2', level='delete', until=NOW, release=True)
        later = record(id='3', level='delete', until=NOW + HOUR, release=True)
        stays = record(id='4', level='delete', until=NOW)
        self.assertEqual(
            Summary(None, False, None, True, NOW, NOW), summary(ends))
        self.assertEqual(
            Summary(None, False, None, True, NOW + HOUR, NOW),
            summary(ends, later))
        self.assertEqual(
            Summary(None, False, None, True, None, NOW),
            summary(ends, later, stays))

    def test_end_of_the_lock_in_force(self):
        rows = {**lock_rows.rows([record(until=NOW)]),
                'locked_reason': 'why'}
        self.assertEqual(NOW, lock_rows.locked_until(rows, 'owner'))
        for locked_by in ('admin', None):
            self.assertIsNone(lock_rows.locked_until(rows, locked_by))
        rows['locked_reason'] = 'another'
        self.assertIsNone(lock_rows.locked_until(rows, 'owner'))
        self.assertIsNone(lock_rows.locked_until({}, None))

    def test_user_of_the_lock_in_force(self):
        for user_id, wanted in (('u', 'u'), (None, None), ('x' * 64, 'x' * 64),
                                ('x' * 255, None)):
            rows = lock_rows.rows([
                record(user_id=user_id, reason=None, until=NOW, release=True),
                record(id='2', level='delete', until=NOW, release=True)])
            self.assertLessEqual(len(rows[lock_rows.SUMMARY_KEY]), 255)
            self.assertEqual(
                wanted, lock_rows.locked_by_user_id(rows, 'owner'))
            self.assertIsNone(lock_rows.locked_by_user_id(rows, 'admin'))

    def test_is_protected(self):
        self.assertFalse(lock_rows.is_protected({}, NOW))
        self.assertFalse(lock_rows.is_protected(
            lock_rows.rows([record()]), NOW))
        ends = record(level='delete', until=NOW, release=True)
        for now, wanted in ((NOW - HOUR, True), (NOW, False)):
            self.assertEqual(wanted, lock_rows.is_protected(
                lock_rows.rows([ends]), now))
        self.assertTrue(lock_rows.is_protected(lock_rows.rows(
            [record(level='delete', until=NOW)]), NOW))

    def test_damaged(self):
        self.assertRaises(ValueError, lock_rows.read_summary,
                          {lock_rows.SUMMARY_KEY: '{'})

    def test_fingerprint(self):
        self.assertEqual(
            4, len({lock_rows.fingerprint(lock) for lock in (
                Lock(), Lock('owner'), Lock('owner', 'a'),
                Lock('admin', 'a'))}))
