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

"""Locks and unlocks servers from many threads, and looks what is stored.

Run in a process of its own, with Nova's native threads, as Nova reads once in
a process which threads it has. Writes a JSON object to the file that XX
"""

import collections
import json
import operator
import random
import sys
import threading
import time
from concurrent import futures
from typing import NamedTuple

from nova import context as nova_context
from nova import utils
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import server_lock
from nova_lockstatus.embedded import nova as embedded

SERVERS = 3
THREADS = 8
SECONDS = 10

KEY = 'locked_reason'
KINDS = {'owner': server_lock.OWNER, 'admin': server_lock.ADMIN}

INSTANCES = models.Instance.__table__
SYSTEM_METADATA = models.InstanceSystemMetadata.__table__
ACTIONS = models.InstanceAction.__table__


def read(cloud, table, column, server_id):
    """Read the rows that a cell has of a server.

    :param column: the column that has the server's id
    :returns: a list of dicts
    """
    with nova_context.target_cell(
            nova_context.get_admin_context(),
            cloud.services.cell_mappings['cell1']) as context:
        with db.get_context_manager(context).reader.using(context) as session:
            return [dict(row._mapping) for row in session.execute(
                table.select().where(table.c[column] == server_id))]


class Call(NamedTuple):
    """A call that was made."""

    token: str
    server_id: str
    body: dict
    status: int
    request_id: str


class Round:
    """One call of each thread, all at the same time.

    :param cloud: the embedded Nova
    :param servers: the ids of its servers
    :param number: of the round
    """

    def __init__(self, cloud, servers, number):
        self._cloud = cloud
        self._servers = servers
        self._number = number
        self._barrier = threading.Barrier(THREADS)

    def make(self, thread):
        """Make the call of one thread.

        :returns: the Call
        """
        chance = random.Random(self._number * THREADS + thread)
        token = chance.choice(tuple(KINDS))
        server_id = chance.choice(self._servers)
        body = chance.choice((
            {'unlock': None}, {'unlock': None}, {'lock': None},
            {'lock': {KEY: '%s locks %s: %d.%d' % (
                token, server_id, self._number, thread)}}))
        self._barrier.wait()
        answer = self._cloud.request(
            'POST', '/v2.1/servers/%s/action' % server_id, token, body,
            chance.choice(('2.1', '2.73')))
        return Call(token, server_id, body, answer.status_code,
                    answer.headers['x-openstack-request-id'])


class Server:
    """One server, and what its instance actions say of its lock.

    :param cloud: the embedded Nova
    :param server_id: its id
    """

    def __init__(self, cloud, server_id):
        self._cloud = cloud
        self._id = server_id
        self._lock = server_lock.Lock()
        self._replayed = {action['id'] for action in self._actions()}

    def _actions(self):
        return sorted(read(self._cloud, ACTIONS, 'instance_uuid', self._id),
                      key=operator.itemgetter('id'))

    def problems(self, calls):
        """Tell what is wrong with what is stored.

        :param calls: the calls of the newest round
        """
        server, = read(self._cloud, INSTANCES, 'uuid', self._id)
        reasons = [row['value'] for row in read(
            self._cloud, SYSTEM_METADATA, 'instance_uuid', self._id)
            if row['key'] == KEY]
        if server['locked'] != bool(server['locked_by']):
            yield 'the columns do not agree'
        if len(reasons) > 1:
            yield 'many reasons'
        if reasons and not server['locked_by']:
            yield 'a reason without a lock'
        yield from self._replay({call.request_id: call for call in calls})
        if self._lock != (server['locked_by'], *(reasons or [None])):
            yield 'not the lock that the actions made'

    def _replay(self, calls):
        """Do one after the other what the actions say was done."""
        for action in self._actions():
            if action['id'] in self._replayed:
                continue
            self._replayed.add(action['id'])
            call = calls.pop(action['request_id'])
            kind = KINDS[call.token]
            if action['action'] == 'unlock':
                if (kind, self._lock.locked_by) == (
                        server_lock.OWNER, server_lock.ADMIN):
                    yield 'the owner unlocks what an admin has locked'
                self._lock = server_lock.Lock()
                continue
            reason = (call.body['lock'] or {}).get(KEY)
            lock = server_lock.lock(self._lock, kind, reason)
            if lock is None:
                yield 'a lock that changes nothing'
            self._lock = lock or self._lock
        for call in calls.values():
            if (call.server_id == self._id and call.status == 202
                    and 'unlock' in call.body):
                yield 'an unlock without an action'


def main(target, stock=''):
    found = collections.Counter()
    statuses = collections.Counter()
    rounds = 0
    with embedded.EmbeddedNova(filter=not stock) as cloud:
        ids = [cloud.boot_server('server') for _ in range(SERVERS)]
        servers = [Server(cloud, server_id) for server_id in ids]
        end = time.monotonic() + SECONDS
        with futures.ThreadPoolExecutor(THREADS) as executor:
            while time.monotonic() < end and not found:
                rounds += 1
                calls = list(executor.map(
                    Round(cloud, ids, rounds).make, range(THREADS)))
                statuses.update('%s %s %d' % (call.token, *call.body,
                                              call.status) for call in calls)
                for server in servers:
                    found.update(server.problems(calls))
    with open(target, 'w') as file:
        json.dump({'problems': found, 'statuses': statuses, 'rounds': rounds,
                   'threads': utils.concurrency_mode_threading()}, file)


if __name__ == '__main__':
    main(*sys.argv[1:])
