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

"""Lock with a reason: what is stored, recorded and told, and what is not."""

import datetime
import json
import os
import subprocess
import sys

import fixtures
import hypothesis
import testtools
from hypothesis import strategies
from nova import context
from nova.api.openstack import common
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import releases
from nova_lockstatus.tests.fixtures import server_lock_probe as probe

MICROVERSIONS = ('2.1', '2.72', '2.73')

TABLES = ((models.Instance, 'uuid'),
          (models.InstanceSystemMetadata, 'instance_uuid'),
          (models.InstanceAction, 'instance_uuid'))

# Made anew for each request.
IGNORED_HEADERS = ('x-compute-request-id', 'x-openstack-request-id')

TEXTS = strategies.one_of(
    strategies.text(),
    strategies.text(strategies.characters(min_codepoint=0x10000)),
    # JSON can carry one half of a surrogate pair, and Unicode text cannot.
    strategies.text(strategies.characters(
        categories=('Cs', 'Lu', 'Cc')), min_size=1, max_size=5),
    strategies.builds(
        lambda character, length, end: character * length + end,
        strategies.characters(), strategies.integers(250, 300),
        strategies.sampled_from(('', 'x', '\U0001f512'))),
).map(lambda text: json.loads(json.dumps(text)))

NO_TEXTS = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers()
    | strategies.floats(allow_nan=False, allow_infinity=False),
    lambda values: (strategies.lists(values, max_size=3)
                    | strategies.dictionaries(strategies.text(max_size=5),
                                              values, max_size=3)),
    max_leaves=5)


def is_reason(value):
    """Tell whether a value is a reason, as Nova 2.73 has it."""
    if not isinstance(value, str) or not 1 <= len(value) <= 255:
        return False
    return not any('\ud800' <= character <= '\udfff' for character in value)


class ServerLockTestCase(base.NovaTestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('db')

    def act(self, body, token='owner', microversion='2.1', server_id=None):
        return self.nova.request(
            'POST', '/v2.1/servers/%s/action' % (server_id or self.server_id),
            token, body, microversion)

    def accepted(self, *args, **kwargs):
        answer = self.act(*args, **kwargs)
        self.assertEqual((202, b''), (answer.status_code, answer.body),
                         answer.text)
        return answer

    def unlock(self):
        self.accepted({'unlock': None}, 'admin')

    def insert(self, *rows):
        """Insert rows into the database that has the server."""
        with context.target_cell(
                context.get_admin_context(),
                self.nova.services.cell_mappings['cell1']) as ctxt:
            with db.get_context_manager(ctxt).writer.using(ctxt) as session:
                session.add_all(rows)

    def stored(self, server_id=None):
        """Return all that the database has of the server."""
        return [probe.read(self.nova, table.__table__, column,
                           server_id or self.server_id)
                for table, column in TABLES]


class ReasonTestCase(ServerLockTestCase):
    """What a reason can be."""

    def shown(self):
        return [
            self.show(self.server_id)['locked_reason'],
            self.show(self.server_id, microversion='2.73')['locked_reason'],
            self.detail()[self.server_id]['locked_reason'],
        ]

    def assert_taken_or_refused(self, reason):
        for version in MICROVERSIONS:
            before = self.stored()
            answer = self.act({'lock': {'locked_reason': reason}},
                              microversion=version)
            if is_reason(reason):
                self.assertEqual(202, answer.status_code, answer.text)
                self.assertEqual([reason] * 3, self.shown())
            else:
                self.assertEqual(400, answer.status_code, answer.text)
                self.assertEqual(['badRequest'], list(answer.json))
                self.assertEqual(400, answer.json['badRequest']['code'])
                self.assertIn('locked_reason',
                              answer.json['badRequest']['message'])
                self.assertEqual(before, self.stored())

    @hypothesis.settings(max_examples=25, deadline=None, database=None,
                         derandomize=True)
    @hypothesis.given(TEXTS | NO_TEXTS)
    def test_comes_back_as_sent_or_is_refused(self, reason):
        self.assert_taken_or_refused(reason)

    def test_at_the_borders(self):
        for reason in (
                '', 'x', 'x' * 255, 'x' * 256, '\U0001f512' * 255,
                '\U0001f512' * 256, '\ud800', 'x\udfff', ' ', '\x00',
                '"\\/\x7f\u2028', 'e\u0301', None, 7, True, ['why'], {}):
            self.assert_taken_or_refused(reason)


class EffectTestCase(ServerLockTestCase):
    """What is recorded and told of a call, and of which."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.unlock)
        self.nova.services.notifier.reset()
        self.known = len(self.actions())

    def actions(self):
        answer = self.nova.request(
            'GET', '/v2.1/servers/%s/os-instance-actions' % self.server_id,
            'admin', microversion='2.21')
        return answer.json['instanceActions']

    def assert_effect(self, action, token, locked_reason):
        """Assert that the newest call is recorded and told, once."""
        caller = identity.IDENTITIES[token]
        actions = self.actions()
        self.assertEqual(self.known + 1, len(actions))
        self.known += 1
        self.assertEqual(
            (action, caller.user_id, caller.project_id, None),
            tuple(actions[0][key] for key in (
                'action', 'user_id', 'project_id', 'message')))
        shown = self.nova.request(
            'GET', '/v2.1/servers/%s/os-instance-actions/%s' % (
                self.server_id, actions[0]['request_id']), 'admin',
            microversion='2.51')
        event, = shown.json['instanceAction']['events']
        self.assertEqual(('api_' + action, 'Success'),
                         (event['event'], event['result']))
        told, = self.notifications()
        data = told['payload']['nova_object.data']
        self.assertEqual(
            ('instance.' + action, action == 'lock', locked_reason,
             caller.user_id, self.server_id, actions[0]['request_id']),
            (told['event_type'], data['locked'], data['locked_reason'],
             data['action_initiator_user'], data['uuid'],
             data['request_id']))

    def notifications(self):
        told = [notification for notification
                in self.nova.services.notifier.versioned_notifications
                if notification['event_type'].startswith(
                    ('instance.lock', 'instance.unlock'))]
        self.nova.services.notifier.reset()
        return told

    def assert_no_effect(self, before):
        self.assertEqual(before, self.stored())
        self.assertEqual([], self.notifications())

    def test_each_change_is_recorded_and_told(self):
        for version in MICROVERSIONS:
            for token, reason, stored in (
                    ('owner', 'why', 'why'), ('member', 'why not', 'why not'),
                    ('admin', None, None), ('admin', 'unpaid', 'unpaid'),
                    ('admin', None, 'unpaid')):
                lock = {'locked_reason': reason} if reason else None
                self.accepted({'lock': lock}, token, version)
                self.assert_effect('lock', token, stored)
            for _ in range(2):
                # Stock Nova records the unlock of an unlocked server, too.
                self.accepted({'unlock': None}, 'admin', version)
                self.assert_effect('unlock', 'admin', None)

    def test_what_changes_nothing_is_not_recorded(self):
        for version in MICROVERSIONS:
            for holder in ('owner', 'admin'):
                self.unlock()
                self.lock(self.server_id, holder, 'why')
                self.notifications()
                before = self.stored()
                for lock in (None, {}, {'locked_reason': 'why'}):
                    self.accepted({'lock': lock}, 'owner', version)
                    self.assert_no_effect(before)
        # The admin holds the lock.
        self.accepted({'lock': {'locked_reason': 'mine'}})
        self.assert_no_effect(before)

    def test_what_is_refused_is_not_recorded(self):
        self.lock(self.server_id, 'admin', 'why')
        self.notifications()
        before = self.stored()
        for version in MICROVERSIONS:
            for token, body, status in (
                    ('owner', {'lock': {'locked_reason': ''}}, 400),
                    ('admin', {'lock': {'locked_reason': 'x' * 256}}, 400),
                    ('owner', {'unlock': None}, 403),
                    ('reader', {'lock': {'locked_reason': 'mine'}}, 403),
                    ('reader', {'unlock': None}, 403),
                    ('other', {'lock': {'locked_reason': 'mine'}}, 404),
                    ('other', {'unlock': None}, 404)):
                answer = self.act(body, token, version)
                self.assertEqual(status, answer.status_code, answer.text)
                self.assert_no_effect(before)


class AnswerTestCase(ServerLockTestCase):
    """What the client gets."""

    def answer(self, app, path, microversion, body):
        answer = base.ask(app, 'POST', path, 'owner', microversion, body)
        headers = sorted(item for item in answer.headers.items()
                         if item[0].lower() not in IGNORED_HEADERS)
        return answer.status, headers, answer.body

    def test_is_that_of_stock_nova(self):
        stock = base.load_app(pipelines=())
        for api in ('/v2/' + identity.OWNER.project_id, '/v2.1'):
            path = '%s/servers/%s/action' % (api, self.server_id)
            # /v2 takes none.
            for version in ((None, '2.73') if api.startswith('/v2/') else
                            (None, '2.1', '2.72', '2.73', 'latest')):
                for body in ({'lock': None}, {'lock': {}},
                             {'lock': {'locked_reason': 'why'}},
                             {'lock': []}, {'lock': 'x'},
                             {'lock': {'other': 1}}, {'unlock': None},
                             {'unlock': 'x'}):
                    self.assertEqual(
                        self.answer(stock, path, version, body),
                        self.answer(self.nova.app, path, version, body))

    def test_refusal_is_that_of_nova_2_73(self):
        for reason in ('', 'x' * 256, None, 7, ['why'], {'why': 'why'}):
            body = {'lock': {'locked_reason': reason}}
            novas = self.act(body, microversion='2.73').json
            for version in ('2.1', '2.72'):
                self.assertEqual(
                    novas, self.act(body, microversion=version).json)

    def test_reason_of_a_refusal_is_not_logged(self):
        self.accepted({'lock': {'locked_reason': 'a\nforged line'}},
                      microversion='2.73')
        self.addCleanup(self.unlock)
        before = self.nova.log
        answer = self.act({'reboot': {'type': 'HARD'}})
        self.assertEqual('Instance %s is locked by owner: a\\nforged line'
                         % self.server_id,
                         answer.json['conflictingRequest']['message'])
        log = self.nova.log.removeprefix(before)
        self.assertIn('Instance %s is locked\n' % self.server_id, log + '\n')
        self.assertNotIn('forged line', log)


class DeletedTestCase(ServerLockTestCase):
    """A server that is gone, before the call and during it."""

    def delete(self, server_id):
        path = '/v2.1/servers/' + server_id
        self.nova.request('DELETE', path, 'admin')
        while self.nova.request('GET', path, 'admin').status_code == 200:
            pass

    def assert_not_found(self, body, server_id):
        before = None
        for version in MICROVERSIONS:
            answer = self.act(body, 'admin', version, server_id)
            self.assertEqual(404, answer.status_code, answer.text)
            self.assertEqual(
                'Instance %s could not be found.' % server_id,
                answer.json['itemNotFound']['message'])
            before = before or self.stored(server_id)
            self.assertEqual(before, self.stored(server_id))

    def test_before_the_call(self):
        server_id = self.nova.boot_server('gone')
        self.delete(server_id)
        for body in ({'lock': {'locked_reason': 'why'}}, {'unlock': None}):
            self.assert_not_found(body, server_id)

    def test_after_nova_has_read_it(self):
        for body in ({'lock': {'locked_reason': 'why'}}, {'unlock': None}):
            self.assert_gone_meanwhile(body, self.nova.boot_server('gone'))

    def assert_gone_meanwhile(self, body, server_id):
        get_instance = common.get_instance
        name = 'nova.api.openstack.common.get_instance'
        stored = []

        def get_and_delete(*args, **kwargs):
            instance = get_instance(*args, **kwargs)
            with fixtures.MonkeyPatch(name, get_instance):
                self.delete(server_id)
            stored.append(self.stored(server_id))
            return instance

        with fixtures.MonkeyPatch(name, get_and_delete):
            answer = self.act(body, 'admin', server_id=server_id)
        self.assertEqual(404, answer.status_code, answer.text)
        self.assertEqual('Instance %s could not be found.' % server_id,
                         answer.json['itemNotFound']['message'])
        self.assertEqual(stored, [self.stored(server_id)])


class SinceTestCase(ServerLockTestCase):
    """Since when a server is locked, and who did it last."""

    def record(self, *actions):
        """Record locks and unlocks: name, user, minute."""
        self.insert(*(models.InstanceAction(
            instance_uuid=self.server_id, action=action, user_id=user,
            start_time=datetime.datetime(2026, 11, 21, 12, minute))
            for action, user, minute in actions))

    def test_first_lock_and_last_one_of_many(self):
        self.lock(self.server_id)
        self.record(('unlock', 'u1', 0), ('lock', 'u2', 1),
                    *[('lock', 'u3', 2)] * 150, ('lock', 'u4', 3))
        shown = self.show(self.server_id, 'admin')
        self.assertEqual(
            ('2026-11-21T12:01:00Z', 'u4'),
            (shown['locked_at'], shown['locked_by_user_id']))

    def test_history_that_came_from_another_cell(self):
        server_id = self.nova.boot_server('moved')
        self.lock(server_id)
        # It has been copied with its times, the newest first.
        now = datetime.datetime.utcnow().replace(microsecond=0)
        self.insert(*(models.InstanceAction(
            instance_uuid=server_id, action=action, user_id=user,
            created_at=time, start_time=time)
            for action, user, hour in (
                ('lock', 'u4', 4), ('lock', 'u3', 3), ('unlock', 'u2', 2),
                ('lock', 'u1', 1))
            for time in [now + datetime.timedelta(hours=hour)]))
        shown = self.show(server_id, 'admin')
        self.assertEqual(
            ((now + datetime.timedelta(hours=3)).isoformat() + 'Z', 'u4'),
            (shown['locked_at'], shown['locked_by_user_id']))

    def test_clocks_of_two_hosts_differ(self):
        """Another API host, whose clock is ahead, has recorded the first."""
        ahead = (datetime.datetime.utcnow().replace(microsecond=0)
                 + datetime.timedelta(seconds=60))
        for action in ('lock', 'unlock'):
            server_id = self.nova.boot_server('clocks')
            self.insert(models.InstanceAction(
                instance_uuid=server_id, action=action, user_id='u1',
                request_id='req-' + server_id, created_at=ahead,
                start_time=ahead))
            self.lock(server_id, 'admin')
            shown = self.show(server_id, 'admin')
            self.assertEqual(identity.ADMIN.user_id,
                             shown['locked_by_user_id'])
            expected = ahead.isoformat() + 'Z'
            if action == 'lock':
                self.assertEqual(expected, shown['locked_at'])
            else:
                self.assertLess(shown['locked_at'], expected)
            # Nova's own list has them in the same order.
            actions = self.nova.request(
                'GET', '/v2.1/servers/%s/os-instance-actions' % server_id,
                'admin').json['instanceActions']
            self.assertEqual(['lock', action],
                             [item['action'] for item in actions][:2])

    def test_records_are_gone(self):
        self.lock(self.server_id)
        self.record(('unlock', 'u1', 0))
        shown = self.show(self.server_id, 'admin')
        self.assertEqual(
            (True, None, None),
            tuple(shown[key] for key in (
                'locked', 'locked_at', 'locked_by_user_id')))


class LeftOverTestCase(ServerLockTestCase):
    """An unlocked server with a reason, as stock Nova can leave one."""

    def setUp(self):
        super().setUp()
        self.unlock()
        self.insert(models.InstanceSystemMetadata(
            instance_uuid=self.server_id, key='locked_reason',
            value='left over'))

    def test_is_not_shown(self):
        for version in (*MICROVERSIONS, 'latest'):
            self.assertIsNone(self.show(
                self.server_id, microversion=version)['locked_reason'])

    def test_is_dropped_by_the_next_lock(self):
        self.assert_dropped_by({'lock': None})

    def test_is_dropped_by_the_next_unlock(self):
        self.assert_dropped_by({'unlock': None})

    def assert_dropped_by(self, body):
        self.assertIn('left over', str(self.stored()))
        self.accepted(body)
        self.assertNotIn('left over', str(self.stored()))


@testtools.skipUnless(
    releases.FIXTURES_KNOW_THREADS,
    "Before release 34 Nova's fixtures do not work in native threads")
class ConcurrencyTestCase(testtools.TestCase):
    """Owner and admin lock and unlock three servers from eight threads.

    Nova's fixtures let one thread at a time write to a SQLite database. What
    was read before is as old here as it is anywhere.
    """

    def run_probe(self, *arguments):
        target = self.useFixture(fixtures.TempDir()).join('result.json')
        process = subprocess.run(
            [sys.executable, '-W', 'ignore', '-m', probe.__name__, target,
             *arguments],
            env=os.environ | {'OS_NOVA_DISABLE_EVENTLET_PATCHING': '1'},
            capture_output=True, text=True)
        self.assertEqual(0, process.returncode, process.stderr)
        with open(target) as file:
            result = json.load(file)
        self.assertTrue(result['threads'])
        return result

    def test_reason_belongs_to_its_lock(self):
        result = self.run_probe()
        self.assertEqual({}, result['problems'])
        # Who does not hold the lock may not unlock. All else is accepted.
        self.assertEqual(set(), set(result['statuses']) - {
            'owner lock 202', 'owner unlock 202', 'owner unlock 403',
            'admin lock 202', 'admin unlock 202'})

    def test_stock_nova_mixes_up(self):
        """Shows that the other test can fail."""
        self.assertNotEqual({}, self.run_probe('stock')['problems'])
