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

"""Each caller has a lock of its own."""

from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import server_locks_case as case


class LocksTestCase(case.ServerLocksTestCase):

    def holders(self):
        return [(record.locked_by, record.user_id, record.reason)
                for record in self.records()]

    def test_one_lock(self):
        self.set_lock(locked_reason='mine', origin='backup/nightly')
        record, = self.records()
        self.assertEqual(
            ('server', self.server_id, 'change', 'owner',
             identity.OWNER.user_id, identity.OWNER.project_id, 'mine',
             'backup/nightly', None, False),
            (record.scope, record.scope_id, record.level, record.locked_by,
             record.user_id, record.project_id, record.reason, record.origin,
             record.until, record.release))
        self.assertEqual((True, 'owner', 'mine'), self.columns())
        self.unlock()
        self.assertEqual({}, self.rows())
        self.assertEqual((False, None, None), self.columns())
        self.assertEqual(['lock', 'unlock'], self.actions())

    def test_two_members_and_an_admin(self):
        self.set_lock('owner', locked_reason='a')
        self.set_lock('member', locked_reason='b')
        self.set_lock('admin', locked_reason='c')
        self.assertEqual([
            ('admin', identity.ADMIN.user_id, 'c'),
            ('owner', identity.MEMBER.user_id, 'b'),
            ('owner', identity.OWNER.user_id, 'a')], self.holders())
        self.assertEqual((True, 'admin', 'c'), self.columns())
        self.unlock('admin')
        self.assertEqual((True, 'owner', 'b'), self.columns())
        self.unlock('owner')
        self.assertEqual((True, 'owner', 'b'), self.columns())
        self.unlock('member')
        self.assertEqual((False, None, None), self.columns())
        self.assertEqual(['lock', 'lock', 'lock', 'lift_lock', 'lift_lock',
                          'unlock'], self.actions())

    def test_masakari_leaves_the_lock_of_a_person(self):
        """It locks before an evacuation, and unlocks after it."""
        self.set_lock('admin', origin='masakari')
        self.set_lock('owner', locked_reason='legal hold')
        self.assertEqual((True, 'admin', None), self.columns())
        self.unlock('admin')
        self.assertEqual((True, 'owner', 'legal hold'), self.columns())
        self.assertEqual(409, self.act({'os-stop': None}).status_code)

    def test_own_lock_can_be_lifted_under_that_of_an_admin(self):
        self.set_lock('owner', locked_reason='mine')
        self.set_lock('admin', locked_reason='theirs')
        self.unlock('owner')
        self.assertEqual((True, 'admin', 'theirs'), self.columns())
        self.assertEqual(403, self.act({'unlock': None}).status_code)
        self.assertEqual((True, 'admin', 'theirs'), self.columns())

    def test_admin_without_an_own_lock_lifts_the_strictest(self):
        self.set_lock('owner', locked_reason='a')
        self.set_lock('member', locked_reason='b')
        self.unlock('admin')
        self.assertEqual((True, 'owner', 'a'), self.columns())
        self.unlock('admin')
        self.assertEqual((False, None, None), self.columns())

    def test_another_member_lifts_the_only_lock(self):
        self.set_lock('owner')
        self.unlock('member')
        self.assertEqual([], self.records())

    def test_keys_that_are_not_given_stay(self):
        until = case.in_time(days=2)
        self.set_lock(locked_reason='why', locked_until=until, release=True,
                      origin='a')
        before, = self.records()
        self.set_lock(locked_reason='because')
        after, = self.records()
        self.assertEqual(
            (before.id, before.until, True, 'a', before.since, 'because'),
            (after.id, after.until, after.release, after.origin, after.since,
             after.reason))
        self.set_lock(locked_until=None, level='delete')
        after, = self.records()
        self.assertEqual((None, False, 'delete', 'because'), (
            after.until, after.release, after.level, after.reason))
        self.assertEqual((False, None, None), self.columns())

    def test_same_again_changes_nothing(self):
        self.set_lock(locked_reason='why')
        rows = self.rows()
        self.set_lock(locked_reason='why')
        self.set_lock()
        self.assertEqual(rows, self.rows())
        self.assertEqual(['lock'], self.actions())

    def test_unlock_of_an_unlocked_server(self):
        self.unlock()
        self.assertEqual(['unlock'], self.actions())

    def test_wide_and_long_reason(self):
        reason = '\U0001f512' * 255
        self.set_lock(locked_reason=reason)
        self.assertEqual(reason, self.records()[0].reason)
        self.assertTrue(all(len(value) <= 255 and value.isascii()
                            for value in self.rows().values()))
        self.assertEqual(reason, self.show(
            self.server_id, microversion='2.73')['locked_reason'])

    def test_since_when_and_by_whom(self):
        self.set_lock('admin')
        self.set_lock('owner')
        self.unlock('admin')
        for shown in (
                self.show(self.server_id, 'admin'),
                self.detail('admin', query='?all_tenants=1&lock_details=true')
                [self.server_id]):
            self.assertIsNotNone(shown['locked_at'])
            self.assertEqual(identity.OWNER.user_id,
                             shown['locked_by_user_id'])


class UntilTestCase(case.ServerLocksTestCase):

    def test_is_shown_at_each_microversion(self):
        until = case.in_time(days=2)
        for microversion in ('2.1', '2.72', '2.73', '2.90'):
            self.set_lock(microversion=microversion, locked_until=until,
                          locked_reason='why')
            shown = self.show(self.server_id, microversion=microversion)
            self.assertEqual((until, False), (
                shown['locked_until'], shown['delete_protected']))
            shown = self.detail(microversion=microversion)[self.server_id]
            self.assertEqual((until, False), (
                shown['locked_until'], shown['delete_protected']))
            self.unlock()
            self.assertIsNone(self.show(self.server_id)['locked_until'])

    def test_nothing_changes_where_a_key_is_wrong(self):
        self.set_lock(locked_reason='why')
        rows, columns = self.rows(), self.columns()
        for microversion in ('2.1', '2.73'):
            for keys, message in (
                    ({'locked_until': 'tomorrow'}, 'is no time of ISO 8601'),
                    ({'locked_until': case.in_time(hours=-1)},
                     'It is in the past.'),
                    ({'locked_until': case.in_time(days=365 * 11)},
                     'It is more than 315360000 s ahead.'),
                    ({'locked_until': 5}, "5 is not of type 'string'"),
                    ({'locked_until': '9' * 65}, 'too long'),
                    ({'release': 'yes'}, "is not of type 'boolean'"),
                    ({'release': True}, 'release needs locked_until'),
                    ({'level': 'all'}, 'is not one of'),
                    ({'level': None}, "is not of type 'string'"),
                    ({'origin': ''}, 'does not match'),
                    ({'origin': 'a b'}, 'does not match'),
                    ({'origin': 'a\n'}, 'does not match'),
                    ({'origin': 'a' * 65}, 'does not match')):
                answer = self.act(
                    {'lock': {'locked_reason': 'new', **keys}}, 'owner',
                    microversion)
                self.assertEqual(400, answer.status_code, (keys, answer.text))
                self.assertIn(message, answer.json['badRequest']['message'])
        self.assertEqual((rows, columns), (self.rows(), self.columns()))

    def test_unknown_keys_stay_novas_concern(self):
        answer = self.act({'lock': {'level': 'change', 'x': 1}}, 'owner',
                          '2.73')
        self.assertEqual(400, answer.status_code, answer.text)
        self.assertEqual((False, None, None), self.columns())
        self.assertEqual(
            202, self.act({'lock': {'level': 'change', 'x': 1}}).status_code)

    def test_limit(self):
        self.configure('lockstatus', max_lock_time=3600)
        answer = self.act({'lock': {'locked_until': case.in_time(hours=2)}})
        self.assertEqual(400, answer.status_code)
        self.configure('lockstatus', max_lock_time=0)
        self.set_lock(locked_until='9999-12-31T23:59:59Z')
        self.assertEqual('9999-12-31T23:59:59Z',
                         self.show(self.server_id)['locked_until'])
