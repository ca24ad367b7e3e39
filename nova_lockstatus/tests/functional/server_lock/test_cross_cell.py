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

import contextlib
import time

import fixtures
from nova import context as nova_context
from nova import objects
from nova.compute import api
from nova.conductor.tasks import cross_cell_migrate
from nova.db.main import api as db
from nova.db.main import models
from nova.tests import fixtures as nova_fixtures

from nova_lockstatus.tests.fixtures import base

REASON = 'locked_reason'

SECONDS = 180
"""How long a migration may take on a busy machine."""


class CrossCellCase(base.NovaTestCase):
    """A server in the first of two cells, which is migrated to the second."""

    options = {
        'cells': 2, 'hosts': ('compute1', 'compute2'),
        'policy': {'compute:servers:resize:cross_cell': 'rule:admin_api'}}

    def setUp(self):
        super().setUp()
        self.server_id = self.nova.boot_server('db', host='compute1')
        self.addCleanup(self.act, {'forceDelete': None}, 'admin')

    def act(self, body, token='admin'):
        return self.nova.request(
            'POST', '/v2.1/servers/%s/action' % self.server_id, token, body,
            '2.73')

    def accepted(self, body, token='admin'):
        answer = self.act(body, token)
        self.assertIn(answer.status_code, (202, 204), answer.text)

    def migrate(self):
        self.accepted({'migrate': {'host': 'compute2'}})
        self.nova.wait_for(self.server_id, 'VERIFY_RESIZE', SECONDS)

    def revert(self):
        self.accepted({'revertResize': None})
        self.finish('compute1')

    def confirm(self):
        self.accepted({'confirmResize': None})
        self.finish('compute2')

    def finish(self, host):
        """Wait until one row of the server is left, which is on the host."""
        server = self.nova.wait_for(self.server_id, 'ACTIVE', SECONDS)
        deadline = time.monotonic() + SECONDS
        while len(self.rows()) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual([host], [row.host for row in self.rows().values()])
        self.assertEqual(host, server['OS-EXT-SRV-ATTR:host'])

    @contextlib.contextmanager
    def session(self, cell):
        context = nova_context.get_admin_context()
        nova_context.set_target_cell(
            context, self.nova.services.cell_mappings[cell])
        manager = db.get_context_manager(context)
        with manager.writer.using(context) as session:
            yield session

    def rows(self):
        """Return the Instance in each cell that has a row of the server."""
        found = {}
        for cell in ('cell1', 'cell2'):
            context = nova_context.get_admin_context()
            nova_context.set_target_cell(
                context, self.nova.services.cell_mappings[cell])
            with contextlib.suppress(Exception):
                found[cell] = objects.Instance.get_by_uuid(
                    context, self.server_id,
                    expected_attrs=['system_metadata'])
        return found

    def locks(self):
        """Return locked, holder and reason in each cell."""
        return {cell: (row.locked, row.locked_by,
                       row.system_metadata.get(REASON))
                for cell, row in self.rows().items()}

    def actions(self):
        """Return the names of the recorded locks and unlocks, newest first."""
        return [action['action'] for action in self.nova.request(
            'GET', '/v2.1/servers/%s/os-instance-actions' % self.server_id,
            'admin').json['instanceActions']
            if action['action'] in ('lock', 'unlock')]

    def shown(self):
        server = self.show(self.server_id, 'admin')
        return tuple(server[key] for key in base.KEYS)

    @contextlib.contextmanager
    def before(self, task, function):
        """Call a function before a task of the conductor is executed."""
        owner = getattr(cross_cell_migrate, task)
        execute = owner._execute

        def wrapped(itself):
            function()
            return execute(itself)

        with fixtures.MonkeyPatch('%s.%s._execute' % (
                cross_cell_migrate.__name__, task), wrapped):
            yield


class AfterTheMigrationTestCase(CrossCellCase):
    """A lock and an unlock in VERIFY_RESIZE."""

    LOCK = {'lock': {REASON: 'why'}}

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
                instance_uuid=self.server_id, key=REASON).delete()
        self.revert()
        self.assert_locked()


class MeanwhileTestCase(CrossCellCase):
    """A lock while Nova moves the server."""

    def change_before(self, task, run, body):
        """Make a change at a time, and return its answer."""
        answers = []
        with self.before(task, lambda: answers.append(self.act(body))):
            run()
        self.assertEqual(1, len(answers))
        return answers[0]

    def test_lock(self):
        lock = {'lock': {REASON: 'why'}}
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
            self.accepted({'lock': {REASON: 'why'}})
            answer = self.change_before(
                task, self.migrate, {'unlock': None})
            self.assertEqual(202, answer.status_code, (task, answer.text))
            self.assertEqual((False, None, None), self.shown(), task)
            finish()
            self.assertEqual((False, None, None), self.shown(), task)

    def test_copy_is_being_made(self):
        for task in ('TargetDBSetupTask', 'PrepResizeAtDestTask'):
            answer = self.change_before(
                task, self.migrate, {'lock': {REASON: 'why'}})
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
                task, finish, {'lock': {REASON: 'why'}})
            self.assertEqual(409, answer.status_code, (task, answer.text))
            self.assertEqual((False, None, None), self.shown())

    def test_read_before_the_migration(self):
        """A lock comes between Nova's reading and its saving of the server."""
        name = 'nova.compute.api.API._allow_cross_cell_resize'
        original = api.API._allow_cross_cell_resize

        def lock_first(*args, **kwargs):
            with fixtures.MonkeyPatch(name, original):
                self.accepted({'lock': {REASON: 'why'}})
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
