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

"""The compute API of a running Nova, and the servers that are made by it."""

import json
import time

from nova_lockstatus.tests.upgrade import cloud

OWNER = {'user': 'owner', 'project': 'demo', 'roles': 'member,reader'}
ADMIN = {'user': 'admin', 'project': 'admin', 'roles': 'admin,member,reader'}
# NOTE: only an administrator chooses the host of a server.
BOOTING_OWNER = {**OWNER, 'roles': 'admin,member,reader'}

WIDE = 'rack \U0001f512 7'

LOCKS = {'mine': (OWNER, 'maintenance of rack 7'), 'silent': (OWNER, None),
         'theirs': (ADMIN, 'unpaid since May'), 'long': (OWNER, 'ü' * 255),
         'wide': (OWNER, WIDE), 'gone': (OWNER, WIDE)}
"""Who locks the servers, and why, by the servers' names."""

NAMES = ('never', *LOCKS)

KEYS = ('locked', 'locked_by', 'locked_reason', 'locked_at',
        'locked_by_user_id', 'host_status')


class Api:
    """The compute API of a running Nova.

    :param send: sends a call
    :param ids: the ids of the servers by their names, is added to
    """

    def __init__(self, send, ids):
        self._send = send
        self._ids = ids

    def ask(self, user, method, path, body=None, microversion='2.1'):
        """Make a call.

        :returns: its status, and its body as JSON if it is some
        """
        answer = self._send({
            'method': method, 'path': '/v2.1' + path, 'user': user,
            'microversion': microversion, 'body': body})
        try:
            return answer['status'], json.loads(answer['body'])
        except ValueError:
            return answer['status'], answer['body']

    def expect(self, status, *args, **kwargs):
        """Make a call, and return the body.

        :raises RuntimeError: when the status is another one
        """
        found, body = self.ask(*args, **kwargs)
        if found != status:
            raise RuntimeError('%s %s: %s' % (found, args, body))
        return body

    def log(self):
        """Return what Nova has logged."""
        return self._send('log')

    def boot(self):
        """Boot the servers, in both cells in turn."""
        flavor = self.expect(200, ADMIN, 'POST', '/flavors', {'flavor': {
            'name': 'tiny', 'ram': 64, 'vcpus': 1, 'disk': 0}})['flavor']
        for number, name in enumerate(NAMES):
            server = {
                'name': name, 'networks': 'none', 'flavorRef': flavor['id'],
                'imageRef': '155d900f-4e14-4e4c-a73d-069cbf4541e6',
                'host': 'host-of-' + cloud.CELLS[number % 2]}
            self._ids[name] = self.expect(
                202, BOOTING_OWNER, 'POST', '/servers', {'server': server},
                '2.74')['server']['id']
            self.wait(name, 200, 'ACTIVE')

    def wait(self, name, status, state=None):
        """Wait until a server can be seen, or cannot be seen any more."""
        deadline = time.monotonic() + 60
        while True:
            found, body = self.ask(ADMIN, 'GET', '/servers/' + self._ids[name])
            if found == status and state in (
                    None, body.get('server', {}).get('status')):
                return
            if time.monotonic() > deadline:
                raise RuntimeError('%s: %s %s' % (name, found, body))
            time.sleep(0.2)

    def act(self, user, name, body, microversion='2.73'):
        """Do something to a server.

        :returns: the status
        """
        return self.ask(user, 'POST', '/servers/%s/action' % self._ids[name],
                        body, microversion)[0]

    def lock(self, user, name, reason, microversion='2.73'):
        """Lock a server.

        :returns: the status
        """
        return self.act(user, name, {
            'lock': reason and {'locked_reason': reason}}, microversion)

    def rename(self, name):
        """Give a server the name that it has, which a lock can refuse.

        :returns: the status
        """
        return self.ask(OWNER, 'PUT', '/servers/' + self._ids[name],
                        {'server': {'name': name}})[0]

    def delete(self, name):
        """Delete a server as its owner.

        :returns: the status
        """
        return self.ask(OWNER, 'DELETE', '/servers/' + self._ids[name])[0]

    def shown(self, microversion, names=NAMES):
        """Read what an administrator is shown of the locks.

        :returns: the keys that are there by the servers' names
        """
        found = {}
        for name in names:
            server = self.expect(200, ADMIN, 'GET', '/servers/'
                                 + self._ids[name], None, microversion)
            found[name] = {key: value for key, value
                           in server['server'].items() if key in KEYS}
        return found

    def locked(self, microversion):
        """List the locked servers.

        :returns: their names
        """
        servers = self.expect(200, OWNER, 'GET', '/servers?locked=true', None,
                              microversion)['servers']
        return sorted(server['name'] for server in servers)
