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

import testtools

from nova_lockstatus import exception
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.core.state_lock_calls import Kind

KNOWN = ('reboot', 'lock', 'os-getConsoleOutput', 'createImage',
         'PUT /servers/{}', 'PUT /servers/{}/tags', 'GET /servers/{}',
         'POST /servers', 'POST /os-server-external-events')


class CallsTestCase(testtools.TestCase):

    def test_name(self):
        for arguments, name in (
                (('POST', '/servers/{id}/action', 'reboot'), 'reboot'),
                (('PUT', '/servers/{id}', None), 'PUT /servers/{}'),
                (('PUT', '/servers/{server_id}/tags/{id}', None),
                 'PUT /servers/{}/tags/{}'),
                (('GET', '/servers', None), 'GET /servers')):
            self.assertEqual(name, state_lock_calls.name(*arguments))

    def test_kind(self):
        for name, kind in (
                ('reboot', Kind.CHANGES), ('PUT /servers/{}', Kind.CHANGES),
                ('of-tomorrow', Kind.CHANGES),
                ('PATCH /servers/{}', Kind.CHANGES),
                ('POST /of-tomorrow', Kind.CHANGES),
                ('POST ', Kind.CHANGES), ('', Kind.CHANGES),
                ('GET /servers/{}', Kind.READS),
                ('HEAD /servers/{}', Kind.READS),
                ('GET /os-hosts/{}', Kind.READS),
                ('GET /os-hosts/{}/reboot', Kind.CHANGES),
                ('GET /os-hosts/{}/startup', Kind.NO_SERVER),
                ('PUT /os-hosts/{}', Kind.CHANGES),
                ('DELETE /os-server-groups/{}', Kind.CHANGES),
                ('os-getVNCConsole', Kind.READS),
                ('lock', Kind.LOCKS), ('unlock', Kind.LOCKS),
                ('POST /os-server-external-events', Kind.SERVICE),
                ('POST /servers', Kind.NO_SERVER)):
            self.assertIs(kind, state_lock_calls.kind(name), name)

    def test_changes_host(self):
        for name, body, changes in (
                ('GET /os-hosts/{}/reboot', None, True),
                ('GET /os-hosts/{}/shutdown', None, True),
                ('GET /os-hosts/{}/startup', None, False),
                ('GET /os-hosts/{}', None, False),
                ('PUT /os-hosts/{}', {'status': 'disable'}, False),
                ('PUT /os-hosts/{}', {'maintenance_mode': 'Enable'}, True),
                ('PUT /os-hosts/{}', {'maintenance_mode': 'disable'}, False),
                ('PUT /servers/{}', {'maintenance_mode': 'enable'}, False)):
            self.assertIs(
                changes, state_lock_calls.changes_host(name, body), name)

    def test_none_is_listed_twice(self):
        listed = [*state_lock_calls.HOST, *state_lock_calls.LOCKS,
                  *state_lock_calls.READS, *state_lock_calls.SERVICES,
                  *state_lock_calls.NO_SERVER]
        self.assertEqual(sorted(set(listed)), sorted(listed))

    def test_exempt(self):
        for configured, names in (
                ([], []), (['reboot'], ['reboot']),
                ([' reboot '], ['reboot']),
                (['PUT /servers/{server_id}'], ['PUT /servers/{}']),
                (['PUT  /servers/{}/tags', 'PUT /servers/{x}/tags'],
                 ['PUT /servers/{}/tags'])):
            self.assertEqual(set(names), state_lock_calls.exempt(
                configured, KNOWN), configured)

    def test_what_cannot_be_exempt(self):
        for name in ('restart', 'Reboot', 'PUT', 'PUT /servers',
                     'put /servers/{}', 'PUT /servers/1', 'lock',
                     'os-getConsoleOutput', 'GET /servers/{}',
                     'POST /servers', 'POST /os-server-external-events', '',
                     '*', 'PUT /servers/{}/tags/'):
            error = self.assertRaises(
                exception.InvalidExemption, state_lock_calls.exempt,
                ['reboot', name], KNOWN)
            self.assertIn("'%s'" % name, str(error))
