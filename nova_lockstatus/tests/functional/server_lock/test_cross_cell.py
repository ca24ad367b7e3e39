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

"""The lock of a server that is migrated to another cell, and back."""


import fixtures
from nova.compute import api
from nova.db.main import models
from nova.tests import fixtures as nova_fixtures

from nova_lockstatus.tests.fixtures import cross_cell_case


class AfterTheMigrationTestCase(cross_cell_case.CrossCellCase):
    """A lock and an unlock in VERIFY_RESIZE."""

    LOCK = {'lock': {cross_cell_case.REASON: 'why'}}

    def assert_locked(self):
        self.assertEqual((True, 'admin', 'why'), self.shown())
        self.assertEqual(409, self.nova.request(
            'DELETE', '/v2.1/servers/' + self.server_id,
            'owner').status_code)
        self.assertEqual(['lock'], self.actions())

    def test_lock_is_in_both_rows(self):
        self.migrate()
        self.accepted(self.LOCK)
        self.assertEqual({'cell1': (True, 'admin', 'why'),
                          'cell2': (True, 'admin', 'why')}, self.locks())
        self.revert()
        self.assert_locked()

    def test_lock_is_there_after_the_confirmation(self):
        self.migrate()
        self.accepted(self.LOCK)
        self.confirm()
        self.assert_locked()

    def test_unlock_is_in_both_rows(self):
        self.accepted(self.LOCK)
        self.migrate()
        self.assertEqual({'cell1': (True, 'admin', 'why'),
                          'cell2': (True, 'admin', 'why')}, self.locks())
        self.accepted({'unlock': None})
        self.assertEqual({'cell1': (False, None, None),
                          'cell2': (False, None, None)}, self.locks())
        self.revert()
        self.assertEqual((False, None, None), self.shown())
        self.assertEqual(['unlock', 'lock'], self.actions())

    def test_other_cell_is_away(self):
        self.migrate()
        before = self.locks()
        mapping = self.nova.services.cell_mappings['cell1']
        for body in (self.LOCK, {'unlock': None}):
            with nova_fixtures.DownCellFixture([mapping]):
                answer = self.act(body)
            self.assertEqual(503, answer.status_code, answer.text)
            self.assertIn('Retry-After', answer.headers)
            self.assertEqual(before, self.locks())
            self.assertEqual([], self.actions())

    def test_back_and_forth(self):
        for _ in range(2):
            self.migrate()
            self.revert()
        self.accepted(self.LOCK)
        self.assertEqual({'cell1': (True, 'admin', 'why')}, self.locks())
        self.migrate()
        self.accepted({'unlock': None})
        self.confirm()
        self.assertEqual({'cell2': (False, None, None)}, self.locks())

    def test_reason_that_the_first_cell_has_lost(self):
        self.migrate()
        self.accepted(self.LOCK)
        with self.session('cell1') as session:
            session.query(models.InstanceSystemMetadata).filter_by(
                instance_uuid=self.server_id,
                key=cross_cell_case.REASON).delete()
        self.revert()
        self.assert_locked()


class MeanwhileTestCase(cross_cell_case.CrossCellCase):
    """A lock while Nova moves the server."""

    def change_before(self, task, run, body):
        """Make a change at a time, and return its answer."""
        answers = []
        with self.before(task, lambda: answers.append(self.act(body))):
            run()
        self.assertEqual(1, len(answers))
        return answers[0]

    def test_lock(self):
        lock = {'lock': {cross_cell_case.REASON: 'why'}}
        for task, finish in (
                ('PrepResizeAtSourceTask', self.revert),
                ('FinishResizeAtDestTask', self.revert),
                ('FinishResizeAtDestTask', self.confirm)):
            answer = self.change_before(task, self.migrate, lock)
            self.assertEqual(202, answer.status_code, (task, answer.text))
            self.assertEqual((True, 'admin', 'why'), self.shown(), task)
            finish()
            self.assertEqual((True, 'admin', 'why'), self.shown(), task)
            self.accepted({'unlock': None})

    def test_unlock(self):
        for task, finish in (
                ('PrepResizeAtSourceTask', self.revert),
                ('FinishResizeAtDestTask', self.revert),
                ('FinishResizeAtDestTask', self.confirm)):
            self.accepted({'lock': {cross_cell_case.REASON: 'why'}})
            answer = self.change_before(
                task, self.migrate, {'unlock': None})
            self.assertEqual(202, answer.status_code, (task, answer.text))
            self.assertEqual((False, None, None), self.shown(), task)
            finish()
            self.assertEqual((False, None, None), self.shown(), task)

    def test_copy_is_being_made(self):
        for task in ('TargetDBSetupTask', 'PrepResizeAtDestTask'):
            answer = self.change_before(
                task, self.migrate, {'lock': {cross_cell_case.REASON: 'why'}})
            self.assertEqual(409, answer.status_code, (task, answer.text))
            self.assertIn('another cell',
                          answer.json['conflictingRequest']['message'])
            self.assertEqual((False, None, None), self.shown())
            self.assertEqual([], self.actions())
            self.revert()

    def test_confirm_and_revert(self):
        for task, finish in (('RevertResizeTask', self.revert),
                             ('ConfirmResizeTask', self.confirm)):
            self.migrate()
            answer = self.change_before(
                task, finish, {'lock': {cross_cell_case.REASON: 'why'}})
            self.assertEqual(409, answer.status_code, (task, answer.text))
            self.assertEqual((False, None, None), self.shown())

    def test_read_before_the_migration(self):
        """A lock comes between Nova's reading and its saving of the server."""
        name = 'nova.compute.api.API._allow_cross_cell_resize'
        original = api.API._allow_cross_cell_resize

        def lock_first(*args, **kwargs):
            with fixtures.MonkeyPatch(name, original):
                self.accepted({'lock': {cross_cell_case.REASON: 'why'}})
            return original(*args, **kwargs)

        with fixtures.MonkeyPatch(name, lock_first):
            self.migrate()
        self.assertEqual((True, 'admin', 'why'), self.shown())
        self.revert()
        self.assertEqual((True, 'admin', 'why'), self.shown())

    def test_within_the_cell(self):
        """Where nobody may migrate over cells, a lock is never refused."""
        self.nova.services.policy.set_rules(
            {'compute:servers:resize:cross_cell': '!'}, overwrite=False)
        self.addCleanup(
            self.nova.services.policy.set_rules,
            {'compute:servers:resize:cross_cell': 'rule:admin_api'},
            overwrite=False)
        row = self.rows()['cell1']
        row.task_state = 'resize_prep'
        row.save()
        self.addCleanup(self.settle)
        self.accepted({'lock': None})

    def settle(self):
        row = self.rows()['cell1']
        row.task_state = None
        row.save()
