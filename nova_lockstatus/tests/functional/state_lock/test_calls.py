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

"""Walks Nova's own table of routes, and proves of each call what it is.

Run with GENERATE_SAMPLES=1 in the environment to write the table in the
documentation anew.
"""

import csv
import os
from typing import Any

import fixtures
from nova import policies as nova_policies
from nova.api.openstack.compute import routes
from nova.db.main import models

from nova_lockstatus.api.hooks import state_lock
from nova_lockstatus.core import state_lock_calls
from nova_lockstatus.gateway import requirements
from nova_lockstatus.policies import server_state_lock as policies
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.fixtures import server_group as group
from nova_lockstatus.tests.fixtures import server_lock_probe as probe
from nova_lockstatus.tests.fixtures import state_lock_requests as requests
from nova_lockstatus.tests.fixtures.state_lock_case import APIS
from nova_lockstatus.tests.fixtures.state_lock_case import EXTENSIONS
from nova_lockstatus.tests.fixtures.state_lock_case import PROJECT
from nova_lockstatus.tests.fixtures.state_lock_case import FloatingIp

TABLE = (repository.DOC / 'source' / 'api-ref'
         / 'os-server-state-lock-calls.csv')

GENERATE = bool(os.environ.get('GENERATE_SAMPLES'))

DOCUMENTED_RELEASE = '34'

OPEN = {rule.name: '@' for rule in nova_policies.list_rules()
        if rule.name.startswith('os_compute_api:')}
"""Everybody passes the rule of each call."""

TABLES = ((models.Instance, 'uuid'),
          (models.InstanceSystemMetadata, 'instance_uuid'),
          (models.InstanceMetadata, 'instance_uuid'),
          (models.Tag, 'resource_id'),
          (models.BlockDeviceMapping, 'instance_uuid'),
          (models.InstanceAction, 'instance_uuid'),
          (models.Migration, 'instance_uuid'))

DISGUISES = {'DELETE': 'GET', 'PUT': 'POST', 'POST': 'PUT'}
"""Another method to send a call with, which its query takes back."""

READING = {'capacities', 'defaults', 'detail', 'index', 'info', 'search',
           'servers', 'show', 'statistics', 'uptime'}
"""The functions of Nova's that a GET calls and that change nothing."""

WORDS = {
    state_lock_calls.Kind.CHANGES: 'refused',
    state_lock_calls.Kind.READS: 'not refused: it reads',
    state_lock_calls.Kind.LOCKS: 'not refused: it locks',
    state_lock_calls.Kind.SERVICE: "not refused: a service's own call",
    state_lock_calls.Kind.NO_SERVER: 'not refused: it has no server',
}

EXEMPT = 'not refused: exempt by default'

GONE = 'Nova has it no more'

BROKEN = 'Nova answers 500'


class StateLockTestCase(base.NovaTestCase):
    """Has one server, which an admin has locked."""

    options: dict[str, Any] = {
        'config': EXTENSIONS, 'policy': OPEN | {policies.BYPASS: '!'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('db', networks='auto')
        for method, path, body in (
                ('PUT', '/tags/blue', None),
                ('POST', '/metadata', {'metadata': {'colour': 'blue'}})):
            answer = cls.nova.request(
                method, '/v2.1/servers/%s%s' % (cls.server_id, path), 'owner',
                body, '2.26')
            assert answer.status_code < 300, answer.text
        group.make([cls.server_id], requests.UUID)
        cls.port = cls.nova.request(
            'GET', '/v2.1/servers/%s/os-interface' % cls.server_id, 'owner',
        ).json['interfaceAttachments'][0]

    def setUp(self):
        super().setUp()
        self.address = self.useFixture(FloatingIp(self.port))
        self.lock(self.server_id, 'admin', 'unpaid')

    def stored(self):
        return [probe.read(self.nova, model.__table__, column, self.server_id)
                for model, column in TABLES]

    def make(self, name, method, path, request, api='/v2.1', token='owner',
             query=''):
        filled, body = requests.fill(name, path, request, self.server_id)
        return self.nova.request(method, api + filled + query, token, body,
                                 request.microversion)

    def assert_refused(self, answer, what):
        self.assertEqual(409, answer.status_code, (what, answer.text))
        self.assertEqual(
            {'conflictingRequest': {
                'code': 409, 'message': 'Instance %s is locked by admin: '
                'unpaid' % self.server_id}}, answer.json, what)


class RoutesTestCase(StateLockTestCase):
    """Each call that the installed Nova has."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unlocked_id = cls.nova.boot_server('unlocked')
        cls.stock = staticmethod(base.load_app(pipelines=()))

    def verdicts(self):
        """Prove what each call is, and yield it."""
        for name, method, path, function in state_lock.calls():
            kind = state_lock_calls.kind(name)
            if method == 'GET' and kind is state_lock_calls.Kind.READS:
                self.assertIn(
                    getattr(function, '__name__', 'show'), READING,
                    'Nobody has said yet what GET %s does' % path)
                continue
            if name in requests.EXEMPT:
                yield name, method, path, EXEMPT
            elif kind is not state_lock_calls.Kind.CHANGES:
                yield name, method, path, WORDS[kind]
            elif name in requests.CHANGES:
                if self.is_broken(name, method, path):
                    yield name, method, path, BROKEN
                    continue
                self.assert_every_form_is_refused(name, method, path)
                yield name, method, path, WORDS[kind]
            else:
                self.assert_gone(name, method, path)
                yield name, method, path, GONE

    def is_broken(self, name, method, path):
        """Tell whether Nova fails before it does anything, for any server.

        In release 34 the controller of /os-volumes_boot does not pass bodies
        on as its functions expect them.
        """
        if not path.startswith('/os-volumes_boot/'):
            return False
        request = requests.CHANGES[name][0]
        if self.make(name, method, path, request).status_code != 500:
            return False
        before = self.stored()
        filled, body = requests.fill(name, path, request, self.unlocked_id)
        answer = base.ask(self.stock, method, '/v2.1' + filled, 'owner',
                          request.microversion, body)
        self.assertEqual(500, answer.status_code, (name, answer.text))
        self.assertEqual(before, self.stored())
        return True

    def assert_every_form_is_refused(self, name, method, path):
        before = self.stored()
        for request in requests.CHANGES[name]:
            for api in APIS:
                if api.startswith('/v2/') and request.microversion != '2.1':
                    # It takes no microversion.
                    continue
                for token in ('owner', 'admin'):
                    if api.endswith(PROJECT) and token == 'admin':
                        continue
                    answer = self.make(name, method, path, request, api,
                                       token)
                    self.assert_refused(
                        answer, (name, method, path, request, api, token))
            if method == 'GET':
                # Release 34 answers any query of these calls with 500.
                continue
            sent_as = DISGUISES[method]
            self.assert_refused(
                self.make(name, sent_as, path, request,
                          query='?_method=' + method),
                (name, sent_as, method, path, request))
        self.assertEqual(before, self.stored(), name)
        self.assertEqual([], self.address.updated)

    def assert_gone(self, name, method, path):
        """Fail for a call that is new, and for which no request is known."""
        answer = self.make(name, method, path, requests.Request(body={}))
        self.assertEqual(
            410, answer.status_code,
            'Nobody has said yet what a locked server does to %s %s (%s): '
            '%s' % (method, path, name, answer.text))

    def test_each_is_what_it_is_documented_to_be(self):
        rows = [[method, path, '' if ' ' in name else name, verdict]
                for name, method, path, verdict in self.verdicts()
                if verdict != GONE]
        self.assertGreater(len(rows), 90)
        if GENERATE:
            with TABLE.open('w', newline='') as file:
                writer = csv.writer(file, lineterminator='\n')
                writer.writerow(['Method', 'Path', 'Action', 'Answer'])
                writer.writerows(rows)
        with TABLE.open(newline='') as file:
            documented = list(csv.reader(file))[1:]
        found = requirements.resolve('nova.version:version_string')()
        if found.partition('.')[0] == DOCUMENTED_RELEASE:
            self.assertEqual(documented, rows)
            return
        known = {tuple(row[:3]): row[3] for row in documented}
        for row in rows:
            if BROKEN not in (row[3], known.get(tuple(row[:3]), BROKEN)):
                self.assertEqual(known[tuple(row[:3])], row[3], row)

    def test_each_name_that_is_listed_is_one_of_novas(self):
        names = {name for name, *_rest in state_lock.calls()}
        listed = {*state_lock_calls.HOST, *state_lock_calls.READS,
                  *state_lock_calls.LOCKS, *state_lock_calls.SERVICES,
                  *state_lock_calls.NO_SERVER}
        self.assertEqual(set(), listed - names)

    def test_a_new_call_is_found(self):
        """Shows that the first test can fail."""
        path = '/servers/{server_id}/os-new'
        for method, function in (('PUT', 'update'), ('GET', 'update')):
            self.useFixture(fixtures.MonkeyPatch(
                'nova.api.openstack.compute.routes.ROUTE_LIST',
                ((path, {method: [routes.server_tags_controller,
                                  function]}),)))
            error = self.assertRaises(AssertionError, list, self.verdicts())
            self.assertIn('Nobody has said yet', str(error))
            self.assertIn(path, str(error))


class ReadingTestCase(StateLockTestCase):
    """What a lock never refuses."""

    def test_reading(self):
        paths = {name: (method, path)
                 for name, method, path, _function in state_lock.calls()}
        other = self.nova.boot_server('unlocked')
        for name, known in requests.READS.items():
            for request in known:
                statuses = []
                for server_id in (self.server_id, other):
                    method, path = paths[name]
                    filled, body = requests.fill(name, path, request,
                                                 server_id)
                    answer = self.nova.request(
                        method, '/v2.1' + filled, 'owner', body,
                        request.microversion)
                    self.assertNotIn('is locked', answer.text, name)
                    statuses.append(answer.status_code)
                self.assertEqual(statuses[1], statuses[0], name)

    def test_reading_with_get(self):
        for path in ('', '/diagnostics', '/ips', '/metadata', '/migrations',
                     '/os-instance-actions', '/os-interface',
                     '/os-server-password',
                     '/os-volume_attachments', '/tags', '/topology'):
            answer = self.nova.request(
                'GET', '/v2.1/servers/' + self.server_id + path, 'owner',
                microversion='latest')
            self.assertEqual(200, answer.status_code, (path, answer.text))

    def test_lock_and_unlock(self):
        for body in ({'lock': {'locked_reason': 'more'}}, {'unlock': None},
                     {'lock': None}):
            answer = self.nova.request(
                'POST', '/v2.1/servers/%s/action' % self.server_id, 'admin',
                body, '2.73')
            self.assertEqual(202, answer.status_code, answer.text)

    def test_exempt(self):
        for name, known in requests.EXEMPT.items():
            for request in known:
                answer = self.make(name, 'POST', '/servers/{id}/action',
                                   request)
                self.assertEqual(202, answer.status_code, answer.text)
                self.nova.wait_for(self.server_id, 'ACTIVE')
