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

"""Locks with an owner, an end and a level, from many callers at once.

Two API processes and what lifts ended locks as the watch does it work on the
same servers.
"""

import collections
import datetime
import json
import random
import time
from typing import Any

import sqlalchemy
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.core import bypass_reason
from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_lock
from nova_lockstatus.core import server_locks
from nova_lockstatus.tests.integration import case

TOKENS = ('owner', 'member', 'admin')

CONFIG = """
[lockstatus]
enabled_extensions = \
os-server-locked-status,os-server-locks,os-server-state-lock
bypass_needs_reason = true
"""

REASON = {bypass_reason.HEADER: 'ticket 4711'}

# What each kind of call may be answered; all else is a fault.
ANSWERS = {
    # 400: on a slow machine the end has come already.
    'lock': {202}, 'lock until': {202, 400}, 'unlock': {202, 403},
    'lift one': {204, 403, 404}, 'change one': {200, 403, 404},
    'rename': {200, 409}, 'bypass': {200}, 'list': {200},
}


class InterleavingsTestCase(case.DatabaseTestCase):

    SERVERS = 3
    THREADS = 6
    SECONDS = 10

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(cls.databases.config, 'a') as config:
            config.write(CONFIG)

    def setUp(self):
        super().setUp()
        self.random = random.Random(4711)
        self.servers = [self.databases.create_server()
                        for _ in range(self.SERVERS)]
        self.known = ['00000000-0000-4000-8000-000000000000']

    def call(self):
        """Return the kind of a call, and the call."""
        kind = self.random.choice(tuple(ANSWERS))
        server_id = self.random.choice(self.servers)
        token = self.random.choice(TOKENS)
        keys = {'level': self.random.choice(lock_record.LEVELS),
                'locked_reason': 'of ' + token}
        lock_id = self.random.choice(self.known)
        rename = ('PUT', '/servers/' + server_id, {'server': {'name': 'db'}})
        made: Any = {
            'lock': {'lock': keys},
            'lock until': {'lock': {
                **keys, 'release': True, 'locked_until': self.soon()}},
            'unlock': {'unlock': None},
            'lift one': ('DELETE', '/os-locks/' + lock_id, None),
            'change one': ('PUT', '/os-locks/' + lock_id, {'lock': keys}),
            'rename': rename, 'bypass': rename,
            'list': ('GET', '/os-locks', None)}[kind]
        if isinstance(made, dict):
            return kind, case.action(server_id, token, made)
        method, path, body = made
        bypasses = kind == 'bypass'
        return kind, {
            'method': method, 'path': '/v2.1' + path, 'body': body,
            'token': 'admin' if bypasses else token, 'microversion': '2.1',
            'headers': REASON if bypasses else {}}

    def soon(self):
        seconds = self.random.choice((0.9, 1.5, 2.5))
        return (timeutils.utcnow() + datetime.timedelta(
            seconds=seconds)).isoformat() + 'Z'

    def stored(self, server_id):
        """Return Nova's columns, and the rows of system metadata by key.

        Both are read in one transaction, as they were at one moment.
        """
        servers = models.Instance.__table__
        rows = models.InstanceSystemMetadata.__table__
        with self.databases.engine.connect() as connection:
            locked, locked_by = connection.execute(sqlalchemy.select(
                servers.c.locked, servers.c.locked_by).where(
                    servers.c.uuid == server_id)).one()
            found = connection.execute(sqlalchemy.select(
                rows.c.key, rows.c.value).where(
                    rows.c.instance_uuid == server_id)).all()
        self.assertEqual(len(found), len(dict(map(tuple, found))), found)
        return bool(locked), locked_by, dict(map(tuple, found))

    def problems(self, server_id):
        """Tell what is wrong with what is stored of a server's locks."""
        locked, locked_by, rows = self.stored(server_id)
        records = lock_rows.read(server_id, rows)
        if locked != any(record.level == lock_record.CHANGE
                         for record in records):
            yield 'locked is %s with %s' % (locked, records)
        current = server_lock.Lock(locked_by, lock_reason.read(rows))
        if current != server_locks.in_force(records):
            yield '%s is in force with %s' % (current, records)
        kept = {key: value for key, value in rows.items()
                if lock_rows.is_key(key)}
        if kept != lock_rows.rows(records):
            yield 'the rows are %s with %s' % (kept, records)
        holders = collections.Counter(
            (record.user_id, record.project_id) for record in records)
        if set(holders.values()) - {1}:
            yield 'a caller has two locks: %s' % records

    def make(self, workers):
        """Make calls at the same time, and return them with their answers."""
        calls = [[self.call() for _ in range(self.THREADS)] for _ in workers]
        for worker, own in zip(workers, calls):
            worker.start([call for _kind, call in own])
        return [(*call, answer) for worker, own in zip(workers, calls)
                for call, answer in zip(own, worker.read())]

    def test_columns_follow_the_records(self):
        *workers, watch = self.start_workers(case.FILTER, 3)
        lifted, seen = 0, collections.Counter()
        until = time.monotonic() + self.SECONDS
        while time.monotonic() < until:
            watch.start([{'lifts': server_id} for server_id in self.servers])
            answers = self.make(workers)
            lifted += sum(answer['lifted'] for answer in watch.read())
            for kind, call, answer in answers:
                self.assertIn(answer['status'], ANSWERS[kind], (call, answer))
                seen[kind, answer['status']] += 1
                if kind == 'list':
                    self.known = [lock['id'] for lock in json.loads(
                        answer['body'])['locks']] or self.known
            self.assertEqual([], [
                problem for server_id in self.servers
                for problem in self.problems(server_id)])
        wanted = {('lock', 202), ('lock until', 202), ('unlock', 202),
                  ('lift one', 204), ('change one', 200), ('rename', 409),
                  ('bypass', 200)}
        self.assertEqual(set(), wanted - set(seen), seen)
        self.assertGreater(lifted, 0)

    def test_broken_is_found(self):
        """Shows that the other test can fail."""
        server_id = self.servers[0]
        [worker] = self.start_workers(case.FILTER)
        [answer] = worker.ask(case.action(server_id, 'owner', {'lock': None}))
        self.assertEqual(202, answer['status'])
        self.assertEqual([], list(self.problems(server_id)))
        for column, value in (('locked', False), ('locked_by', 'admin')):
            with self.databases.engine.begin() as connection:
                connection.execute(models.Instance.__table__.update().where(
                    models.Instance.__table__.c.uuid == server_id).values(
                        {column: value}))
            self.assertNotEqual([], list(self.problems(server_id)))
