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

"""Locks servers at the same time from two processes, and with any text."""

import json
import random
import time

import sqlalchemy

from nova_lockstatus.core import server_lock
from nova_lockstatus.tests.fixtures import store_databases
from nova_lockstatus.tests.integration import case

REASON = 'locked_reason'


class ConcurrencyTestCase(case.DatabaseTestCase):
    """Owner and admin lock and unlock the same servers at the same time."""

    SERVERS = 3
    ROUNDS = 12
    THREADS = 8

    def setUp(self):
        super().setUp()
        self.random = random.Random(4711)
        self.servers = [self.databases.create_server()
                        for _ in range(self.SERVERS)]

    def rounds(self, pipelines):
        """Make calls in rounds, and yield each round's with their answers."""
        workers = self.start_workers(pipelines, 2)
        for number in range(self.ROUNDS):
            calls = [[self.call('%s.%s' % (number, count))
                      for count in range(self.THREADS)] for _ in workers]
            for worker, own in zip(workers, calls):
                worker.start(own)
            yield [pair for worker, own in zip(workers, calls)
                   for pair in zip(own, worker.read())]

    def call(self, number):
        token = self.random.choice(('owner', 'admin'))
        body = self.random.choice((
            {'unlock': None}, {'unlock': None}, {'lock': None},
            {'lock': {REASON: '%s of %s' % (number, token)}}))
        return case.action(
            self.random.choice(self.servers), token, body, '2.73')

    def problems(self, server_id):
        """Tell what is wrong with what is stored of a lock."""
        locked, locked_by, rows = self.databases.lock_rows(server_id)
        if locked != bool(locked_by):
            yield 'locked is %s, by %s' % (locked, locked_by)
        if len(rows) > 1:
            yield 'many reasons: %s' % rows
        if rows and not locked:
            yield 'unlocked with a reason'
        if rows and locked and not rows[0][1].endswith(locked_by):
            yield "locked by %s with the other's reason" % locked_by

    def test_stock_nova_mixes_up(self):
        """Shows that the other test can fail."""
        found = set()
        for _answers in self.rounds(case.STOCK):
            for server_id in self.servers:
                found.update(self.problems(server_id))
        self.assertIn('unlocked with a reason', found)

    def test_reason_belongs_to_its_lock(self):
        replays = {server_id: Replay() for server_id in self.servers}
        for answers in self.rounds(case.FILTER):
            for call, answer in answers:
                self.assert_answer(call, answer)
            calls = {answer['request_id']: call for call, answer in answers}
            for server_id, replay in replays.items():
                self.assertEqual([], list(self.problems(server_id)))
                done = replay.advance(
                    self.databases.actions(server_id), calls)
                stored = self.databases.lock_rows(server_id)
                self.assertEqual(replay.lock, server_lock.Lock(
                    stored[1], dict(stored[2]).get(REASON)))
                for call, answer in answers:
                    if server_id in call['path'] and 'unlock' in call['body']:
                        self.assertEqual(answer['status'] == 202,
                                         answer['request_id'] in done)

    def assert_answer(self, call, answer):
        """An owner may not unlock what an admin has locked; all else works."""
        refused = call['token'] == 'owner' and 'unlock' in call['body']
        self.assertIn(answer['status'], (202, 403) if refused else (202,),
                      (call, answer))


class Replay:
    """Does what the instance actions say, one after the other."""

    def __init__(self):
        self.lock = server_lock.Lock()
        self._done = 0

    def advance(self, actions, calls):
        """Do the actions of one round.

        :param actions: all actions of the server, oldest first
        :param calls: the calls of the round, by request id
        :returns: the request ids of its actions
        :raises AssertionError: when an action changed nothing
        """
        new = actions[self._done:]
        self._done = len(actions)
        for name, request_id in new:
            call = calls[request_id]
            if name == 'unlock':
                self.lock = server_lock.Lock()
                continue
            reason = (call['body']['lock'] or {}).get(REASON)
            lock = server_lock.lock(self.lock, call['token'], reason)
            assert lock is not None, (self.lock, call)
            self.lock = lock
        return {request_id for _name, request_id in new}


class DeadlockTestCase(case.DatabaseTestCase):
    """Another transaction holds what a lock needs, and waits for the lock."""

    HOLD = {
        'the reason': "UPDATE instance_system_metadata SET value = 'held' "
                      "WHERE instance_uuid = :uuid",
        'the actions': 'SELECT id FROM instance_actions '
                       'WHERE instance_uuid = :uuid FOR UPDATE',
        'the events': 'SELECT id FROM instance_actions_events '
                      'WHERE id > 0 FOR UPDATE',
    }

    WAITING = ("SELECT count(*) FROM information_schema.innodb_trx "
               "WHERE trx_state = 'LOCK WAIT'")

    def test_deadlock_is_retried(self):
        worker, = self.start_workers(case.FILTER)
        for what, statement in self.HOLD.items():
            server_id = self.databases.create_server()
            worker.ask(case.action(
                server_id, 'owner', {'lock': {REASON: 'old'}}))
            self.provoke(statement, server_id, lambda uuid=server_id: (
                worker.start([case.action(
                    uuid, 'owner', {'lock': {REASON: 'new'}})])))
            answer, = worker.read()
            self.assertEqual(202, answer['status'], (what, answer))
            self.assertEqual((True, 'owner', [(REASON, 'new')]),
                             self.databases.lock_rows(server_id), what)
            self.assertEqual(
                ['lock', 'lock'],
                [name for name, _ in self.databases.actions(server_id)])

    def provoke(self, statement, server_id, start):
        """Have a call that starts meanwhile become a deadlock's victim."""
        before = self.deadlocks()
        with self.databases.engine.connect() as rival:
            # The server ends the transaction that has written less.
            rival.execute(sqlalchemy.text(
                'INSERT INTO tags (resource_id, tag) VALUES ' + ', '.join(
                    "('%s', '%d')" % (server_id, number)
                    for number in range(500))))
            rival.execute(sqlalchemy.text(statement), {'uuid': server_id})
            start()
            deadline = time.monotonic() + 10
            while not self.scalar(self.WAITING):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.15)
            rival.execute(sqlalchemy.text(
                'UPDATE instances SET updated_at = updated_at '
                'WHERE uuid = :uuid'), {'uuid': server_id})
            rival.rollback()
        self.assertEqual(before + 1, self.deadlocks())

    def deadlocks(self):
        return self.scalar(
            "SELECT count FROM information_schema.innodb_metrics "
            "WHERE name = 'lock_deadlocks'")

    def scalar(self, statement):
        with self.databases.engine.connect() as connection:
            return connection.execute(sqlalchemy.text(statement)).scalar()


WAIT = 2

MARIADB_WAITS = {
    'init_command': 'SET SESSION innodb_lock_wait_timeout = %d' % WAIT}


def ask_meanwhile(databases, worker, server_id, body):
    """Make a call while another transaction has the server's row.

    :returns: its answer, and how many seconds it took
    """
    with databases.engine.connect() as rival:
        rival.execute(sqlalchemy.text(
            'UPDATE instances SET updated_at = updated_at '
            'WHERE uuid = :uuid'), {'uuid': server_id})
        begun = time.monotonic()
        answer, = worker.ask(case.action(server_id, 'owner', body, '2.73'))
        taken = time.monotonic() - begun
        rival.rollback()
    return answer, taken


class HeldRowTestCase(case.DatabaseTestCase):
    """Another transaction has the server's row for longer than one waits."""

    url_query = MARIADB_WAITS

    def test_waits_once_and_is_refused(self):
        server_id = self.databases.create_server()
        worker, = self.start_workers(case.FILTER)
        bodies = {'unlock': None}, {'lock': {REASON: 'why'}}
        for body in bodies:
            answer, taken = ask_meanwhile(
                self.databases, worker, server_id, body)
            self.assertEqual(503, answer['status'], answer)
            self.assertGreater(int(answer['retry_after']), 0)
            # As long as one waiting, and far from the six of before.
            self.assertLess(taken, 3 * WAIT)
            # Nothing of it is applied once the row is free.
            self.assertEqual((False, None, []),
                             self.databases.lock_rows(server_id))
            self.assertEqual([], self.databases.actions(server_id))
        for body in bodies:
            answer, = worker.ask(case.action(
                server_id, 'owner', body, '2.73'))
            self.assertEqual(202, answer['status'])
        self.assertEqual((True, 'owner', [(REASON, 'why')]),
                         self.databases.lock_rows(server_id))


class HeldRowPostgresqlTestCase(HeldRowTestCase):

    server = store_databases.POSTGRESQL
    charset = None
    url_query = {'options': '-c lock_timeout=%ds' % WAIT}


class HeldRowOfStockNovaTestCase(case.DatabaseTestCase):

    url_query = MARIADB_WAITS

    def test_stock_nova_waits_once(self):
        worker, = self.start_workers(case.STOCK)
        answer, taken = ask_meanwhile(
            self.databases, worker, self.databases.create_server(),
            {'lock': None})
        self.assertEqual(500, answer['status'])
        self.assertLess(taken, 3 * WAIT)


class ReasonTestCase(case.DatabaseTestCase):
    """Any text comes back as it was sent."""

    LOCK = '\U0001f512'

    REASONS = (
        'why', LOCK, LOCK * 255, 'ü' * 255, '\uffff' * 255, 'a%sb' % LOCK,
        '\ufffd', '\ufffd%s' % LOCK, '%s\ufffd' % LOCK, '\ue03d\ue512.',
        '.%s\ue03d.' % LOCK, '\U00010000\U0010ffff', '\x00\x1f"\\\'%s%%',
        ' ', ' trailing  ', '\u2028')

    def setUp(self):
        super().setUp()
        self.server_id = self.databases.create_server()
        self.worker, = self.start_workers(case.FILTER)

    def change(self, worker, body, token='owner'):
        answer, = worker.ask(case.action(self.server_id, token, body, '2.73'))
        return answer['status']

    def replace(self, worker, reason):
        self.assertEqual(202, self.change(worker, {'unlock': None}))
        return self.change(worker, {'lock': {REASON: reason}})

    def shown(self, worker, versions=('2.1', '2.73')):
        """Read the reason, alone and in the list, at all microversions."""
        answers = worker.ask(*[
            {'method': 'GET', 'token': 'owner', 'microversion': version,
             'path': '/v2.1/servers/' + what}
            for version in versions for what in (self.server_id, 'detail')])
        found = set()
        for answer in answers:
            self.assertEqual(200, answer['status'], answer)
            body = json.loads(answer['body'])
            servers = body.get('servers') or [body['server']]
            found.update(server[REASON] for server in servers
                         if server['id'] == self.server_id)
        return found

    def test_comes_back_as_sent(self):
        for reason in self.REASONS:
            self.assertEqual(202, self.replace(self.worker, reason), reason)
            self.assertEqual({reason}, self.shown(self.worker))
        self.assertEqual(202, self.change(self.worker, {'unlock': None}))
        self.assertEqual((False, None, []),
                         self.databases.lock_rows(self.server_id))
        self.assertEqual({None}, self.shown(self.worker))

    def test_replaced(self):
        for reason in ('a' + self.LOCK, 'b' + self.LOCK, 'why'):
            self.assertEqual(
                202, self.change(self.worker, {'lock': {REASON: reason}}))
            self.assertEqual({reason}, self.shown(self.worker))
        self.assertEqual((True, 'owner', [(REASON, 'why')]),
                         self.databases.lock_rows(self.server_id))

    def test_stock_nova_beside(self):
        stock, = self.start_workers(case.STOCK)
        self.assertEqual(500, self.replace(stock, self.LOCK))
        self.assertEqual(202, self.replace(self.worker, 'a' + self.LOCK))
        self.assertEqual({'a\ufffd'}, self.shown(stock, ['2.73']))
        # Its unlock leaves what it does not know.
        for reason in ('why', 'b\ufffd', 'a', '\ufffd', 'a\ufffd\ufffd'):
            self.assertEqual(202, self.replace(stock, reason))
            self.assertEqual({reason}, self.shown(self.worker))
            self.assertEqual({reason}, self.shown(stock, ['2.73']))
        self.change(self.worker, {'lock': {REASON: 'mine'}})
        self.assertEqual((True, 'owner', [(REASON, 'mine')]),
                         self.databases.lock_rows(self.server_id))


class ReasonUtf8mb4TestCase(ReasonTestCase):
    """The connection could carry what the table cannot hold."""

    charset = 'utf8mb4'


class ConvertedTestCase(ReasonTestCase):
    """An operator has converted Nova's tables."""

    charset = 'utf8mb4'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.databases.convert_reasons('utf8mb4')

    def test_stock_nova_beside(self):
        """Stored is what stock Nova stores there."""
        stock, = self.start_workers(case.STOCK)
        for worker in (stock, self.worker):
            self.assertEqual(202, self.replace(worker, self.LOCK))
            self.assertEqual((True, 'owner', [(REASON, self.LOCK)]),
                             self.databases.lock_rows(self.server_id))
            self.assertEqual({self.LOCK}, self.shown(stock, ['2.73']))
