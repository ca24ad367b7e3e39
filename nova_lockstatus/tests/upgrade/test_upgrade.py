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

"""A cloud with the plugin is upgraded, and then loses the plugin.

The releases are those of NOVA_LOCKSTATUS_UPGRADE, by default Nova 33 and 34.
"""

import contextlib

import testtools

from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.upgrade import api
from nova_lockstatus.tests.upgrade import story

LOCKED = sorted(api.LOCKS)


class UpgradeTestCase(testtools.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # NOTE: on SQLite, Nova's own online_data_migrations wait for
        # themselves.
        problem = store_databases.unreachable(store_databases.MARIADB)
        if problem:
            raise cls.skipException(problem)
        with contextlib.ExitStack() as stack:
            cls.story = story.Story(stack)
            cls.story.tell()

    def test_checks_are_content_all_the_way(self):
        """But for a watch service that nobody has started yet."""
        checks = self.story.checks
        for stage in ('old', 'not synced', 'synced'):
            code, found = checks[stage]
            self.assertEqual((1, {'Watch service'}), (code, set(found)), stage)
            self.assertTrue(found['Watch service'].endswith('Start it.'))
        self.assertEqual((0, {}), checks['watched'])

    def test_checks_name_what_a_new_paste_file_lacks(self):
        code, found = self.story.checks['new paste file']
        self.assertEqual((2, {'Filter in api-paste.ini', 'Watch service'}),
                         (code, set(found)))
        self.assertTrue(found['Filter in api-paste.ini'].endswith(
            'Run "nova-lockstatus enable" and restart nova-api.'))

    def test_locks_are_shown_as_before(self):
        shown = self.story.shown
        for microversion in ('2.1', '2.73'):
            before = shown['old', microversion]
            self.assertEqual(before, shown['new', microversion])
            self.assertEqual(
                dict.fromkeys(api.KEYS) | {
                    'locked': False, 'host_status': 'UP'}, before['never'])
            for name, (user, reason) in api.LOCKS.items():
                self.assertRegex(before[name]['locked_at'], 'T.*Z$')
                self.assertEqual(
                    {'locked': True, 'locked_by': user['user'],
                     'locked_reason': reason, 'host_status': 'UP',
                     'locked_at': before[name]['locked_at'],
                     'locked_by_user_id': user['user']}, before[name])

    def test_lists_find_the_locked(self):
        for stage in ('old', 'new'):
            for microversion in ('2.1', '2.73'):
                self.assertEqual(LOCKED,
                                 self.story.locked[stage, microversion])

    def test_report_says_the_same(self):
        before, after = self.story.reports['old'], self.story.reports['new']
        self.assertEqual(LOCKED, sorted(server['name'] for server in before))
        self.assertEqual(before, after)

    def test_state_lock_holds(self):
        """A locked server cannot be renamed; stock Nova lets it be."""
        self.assertEqual(
            {'old': 409, 'new': 409, 'stock': 200, 'back': 409},
            self.story.renamed)

    def test_schemas_are_those_of_stock_nova(self):
        schemas = self.story.schemas
        for stage in ('old', 'new'):
            self.assertIn(('cell2', 'instances'), schemas['plugin', stage])
            self.assertEqual(schemas['twin', stage], schemas['plugin', stage])

    def test_rows_are_of_the_kinds_of_stock_nova(self):
        """Only a reason that the database does not hold makes more of them."""
        counts = self.story.counts
        for stage in ('old', 'new'):
            added = {place: number for place, number
                     in counts['plugin', stage].items()
                     if number != counts['twin', stage].get(place)}
            self.assertEqual(
                set(), set(counts['twin', stage])
                - set(counts['plugin', stage]))
            self.assertEqual(
                {(cell, 'lockstatus_reason_' + part): 1
                 for cell in ('cell1', 'cell2') for part in ('high', 'low')},
                added)

    def test_store_is_apart(self):
        self.assertTrue(self.story.stored[0].endswith('at version 0001 now.'))
        for text in self.story.stored[1:]:
            self.assertTrue(text.endswith('at version 0001 already.'), text)

    def test_checks_of_nova_mind_nothing(self):
        checks = self.story.nova_checks
        self.assertIn('Check: Cells v2', checks['twin'])
        self.assertEqual(checks['twin'], checks['plugin'])
        self.assertEqual(checks['twin'], checks['removed'])

    def test_paste_file_is_the_one_of_the_release(self):
        self.assertTrue(self.story.same_paste)

    def test_stock_nova_shows_what_it_knows(self):
        shown = self.story.shown
        for server in shown['stock', '2.1'].values():
            self.assertEqual({}, server)
        for name, before in shown['old', '2.73'].items():
            expected = {key: before[key] for key in (
                'locked', 'locked_reason', 'host_status')}
            if name in ('wide', 'gone'):
                expected['locked_reason'] = 'rack \ufffd 7'
            self.assertEqual(expected, shown['stock', '2.73'][name], name)
        self.assertEqual(LOCKED, self.story.locked['stock', '2.73'])
        # At 2.1 it does not know the filter.
        self.assertEqual(sorted(api.NAMES),
                         self.story.locked['stock', '2.1'])

    def test_stock_nova_unlocks_locks_and_deletes(self):
        self.assertEqual([409, 202, 204, 202, 202, 202],
                         self.story.stock_changes)
        self.assertEqual(
            {'long': {'locked': True, 'locked_reason': 'by stock Nova',
                      'host_status': 'UP'},
             'theirs': {'locked': False, 'locked_reason': None,
                        'host_status': 'UP'}},
            self.story.shown['stock, changed'])

    def test_rows_of_the_plugin_go_with_their_server(self):
        self.assertEqual([2, 0], self.story.rows_of_plugin)

    def test_stock_nova_says_nothing_of_what_is_left(self):
        """Rules in policy.yaml, options in nova.conf."""
        self.assertIn(' INFO ', self.story.log)
        for word in ('lockstatus', 'locked-status', 'state-lock'):
            self.assertNotIn(word, self.story.log)

    def test_plugin_can_come_back(self):
        shown = self.story.shown
        for microversion in ('2.1', '2.73'):
            found = dict(shown['back', microversion])
            long, theirs = found.pop('long'), found.pop('theirs')
            self.assertEqual(
                ('owner', 'by stock Nova', 'owner'),
                tuple(long[key] for key in (
                    'locked_by', 'locked_reason', 'locked_by_user_id')))
            self.assertGreater(long['locked_at'],
                               shown['new', microversion]['long']['locked_at'])
            self.assertEqual(shown['new', microversion]['never'], theirs)
            self.assertEqual(
                {name: shown['new', microversion][name] for name in found},
                found)
            self.assertEqual(['long', 'mine', 'silent', 'wide'],
                             self.story.locked['back', microversion])
