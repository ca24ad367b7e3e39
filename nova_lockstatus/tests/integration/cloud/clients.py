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

"""Clients that call the compute API without a pause, in a process of its own.

Each has a server of its own, reads and locks it, tries to change it and
unlocks it, until the standard input ends, and knows what each call has to be
answered. The first line of the input says what to call, see :class:`Order`.
At the end it is printed as JSON which calls failed, how long the others took,
and for each client and time that it showed its server whether the plugin's key
was there.
"""

import collections
import contextlib
import json
import subprocess
import sys
import threading
import time
from typing import NamedTuple

import requests

PATIENCE = 120


class Order(NamedTuple):
    """What to call.

    :param url: of the API, with its version
    :param owner: a token of the servers' owner
    :param admin: a token of an administrator
    :param servers: the ids of the servers, one for each client
    :param state_lock: whether the API refuses each change of a locked server;
        None if that changes meanwhile
    """

    url: str
    owner: str
    admin: str
    servers: list
    state_lock: bool | None = None


class Client(threading.Thread):
    """A client.

    :param order: what to call
    :param server_id: its server
    :param ended: is set when it is to end
    """

    def __init__(self, order, server_id, ended):
        super().__init__()
        self._order = order
        self._name = 'of ' + server_id
        self._path = '/servers/' + server_id
        self._ended = ended
        self._rounds = 0
        self.has_looked = threading.Event()
        self.failures = []
        self.shown = []
        self.seconds = collections.defaultdict(list)

    def run(self):
        """Call until the end."""
        while not self._ended.is_set():
            self._rounds += 1
            self._lock_and_look('%s, for the %d. time' % (
                self._name, self._rounds))
            self._try_to_change()
            self._unlock_and_change()
        self._look()

    def _look(self, **expected):
        server = self._show('show, 2.1')
        self.has_looked.set()
        if server is not None:
            self.shown.append('locked_by' in server)
            self._compare('show, 2.1', server, expected)

    def _lock_and_look(self, reason):
        # Where stock Nova answers, older versions drop the reason.
        self._act('lock', {'locked_reason': reason}, microversion='2.73')
        self._look(locked=True, locked_by='owner', locked_reason=reason)
        self._compare('show, latest', self._show('show, latest', 'latest'), {
            'locked': True, 'locked_reason': reason})
        self._call('list', 'GET', '/servers/detail?limit=20')
        listed = self._call('list of the locked', 'GET',
                            '/servers/detail?locked=true&limit=20', '2.73')
        for server in (listed or {}).get('servers', ()):
            self._compare('list of the locked', server, {'locked': True})
        self._call('hypervisors', 'GET', '/os-hypervisors/detail',
                   token=self._order.admin)

    def _try_to_change(self):
        self._act('stop, refused', None, 'os-stop', {409})
        refused = {None: {200, 409}, True: {409}, False: {200}}
        self._call('rename of the locked', 'PUT', self._path,
                   body={'server': {'name': self._name}},
                   expected=refused[self._order.state_lock])

    def _unlock_and_change(self):
        self._act('unlock')
        self._look(locked=False, locked_by=None, locked_reason=None)
        self._call('rename', 'PUT', self._path,
                   body={'server': {'name': self._name}})

    def _show(self, kind, microversion=None):
        answer = self._call(kind, 'GET', self._path, microversion)
        return answer and answer['server']

    def _act(self, kind, body=None, action=None, expected=frozenset({202}),
             microversion=None):
        self._call(kind, 'POST', self._path + '/action', microversion,
                   {action or kind: body}, expected)

    def _compare(self, kind, server, expected):
        # Stock Nova has some of the keys at some versions only.
        for key, value in expected.items():
            if server is not None and server.get(key, value) != value:
                self.failures.append('%s: %s is %r and not %r' % (
                    kind, key, server[key], value))

    def _call(self, kind, method, path, microversion=None, body=None,
              expected=frozenset({200}), token=None):
        headers = {'X-Auth-Token': token or self._order.owner}
        if microversion:
            headers['OpenStack-API-Version'] = 'compute ' + microversion
        began = time.monotonic()
        try:
            answer = requests.request(
                method, self._order.url + path, json=body, headers=headers,
                timeout=PATIENCE)
            if answer.status_code in expected:
                self.seconds[kind].append(time.monotonic() - began)
                return answer.json() if answer.content else None
            problem = '%d %s' % (answer.status_code, answer.text)
        except requests.RequestException as error:
            problem = repr(error)
        self.failures.append('%s: %s' % (kind, problem))
        return None


def call_until(ended, order, ready=lambda: None):
    """Have a client for each server, and wait for them.

    :param ended: a threading.Event that is set when they are to end
    :param order: what to call
    :param ready: is called when each client has looked once
    :returns: what came of it
    """
    clients = [Client(order, server_id, ended) for server_id in order.servers]
    for client in clients:
        client.start()
    for client in clients:
        while client.is_alive() and not client.has_looked.wait(0.1):
            pass
    ready()
    for client in clients:
        client.join()
    return {
        'failures': [failure for client in clients
                     for failure in client.failures],
        'shown': [client.shown for client in clients],
        'seconds': {kind: [seconds for client in clients
                           for seconds in client.seconds[kind]]
                    for kind in clients[0].seconds}}


@contextlib.contextmanager
def calling(cloud, servers, state_lock=None):
    """Have a process of clients call meanwhile.

    :param cloud: the cloud
    :param servers: the ids of servers of ``owner``, one for each client
    :param state_lock: as in :class:`Order`
    :returns: what came of it, as a dict that is filled at the end
    """
    order = Order(cloud.compute_url, cloud.token('owner'),
                  cloud.token('admin'), servers, state_lock)
    found = {}
    with subprocess.Popen(
            [sys.executable, '-m', __name__], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write(json.dumps(order) + '\n')
        process.stdin.flush()
        # Each client has looked once, however busy the machine is.
        process.stdout.readline()
        yield found
        found.update(json.loads(process.communicate()[0]))


def main():
    """Be the process."""
    order = Order(*json.loads(sys.stdin.readline()))
    ended = threading.Event()

    def wait():
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    print(json.dumps(call_until(
        ended, order, lambda: print('ready', flush=True))))


if __name__ == '__main__':
    main()
