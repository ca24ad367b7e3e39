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

"""The hosts of a real cloud: down, under maintenance, dead, and well again."""

import contextlib

from nova_lockstatus.tests.integration.cloud import case

APIS = (('/v2', None), ('/v2.1', None), ('/v2.1', '2.15'), ('/v2.1', '2.16'),
        ('/v2.1', '2.53'), ('/v2.1', '2.75'), ('/v2.1', 'latest'))

SHOW = 'os_compute_api:servers:show:host_status'

REASON = 'new disks'


class HostStatusTestCase(case.CloudTestCase):
    """The first server's host is changed, the second one's stays well."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.boot('first')
        cls.second = cls.boot('second', cell='cell2')

    def setUp(self):
        super().setUp()
        self.wait_until('UP', self.first)
        self.wait_until('UP', self.second)

    def wait_until(self, state, server_id):
        self.cloud.processes.wait_for(
            'the host of %s is %s' % (server_id, state),
            lambda: self.server(server_id, 'admin')['host_status'] == state)

    def service(self, action, **values):
        self.call('PUT', '/v2.1/os-services/' + action, 'admin', {
            'host': 'compute1', 'binary': 'nova-compute', **values}, '2.11')

    @contextlib.contextmanager
    def forced_down(self):
        self.service('force-down', forced_down=True)
        try:
            yield
        finally:
            self.service('force-down', forced_down=False)

    @contextlib.contextmanager
    def disabled(self):
        self.service('disable-log-reason', disabled_reason=REASON)
        try:
            yield
        finally:
            self.service('enable')

    @contextlib.contextmanager
    def stopped(self):
        self.cloud.stop_compute('compute1')
        try:
            self.wait_until('UNKNOWN', self.first)
            yield
        finally:
            self.cloud.start_compute('compute1')
            self.wait_until('UP', self.first)

    def assert_states(self, state):
        """What servers show, and by what they are found."""
        states = {self.first: state, self.second: 'UP'}
        for path, version in APIS:
            self.assertEqual(states, {
                server['id']: server['host_status'] for server in
                self.details('admin', '?all_tenants=1', version, path)})
            self.assertEqual(state, self.server(
                self.first, 'admin', version, path)['host_status'])
            for wanted, expected in (
                    (state, [self.first]), ('UP', [self.second]),
                    (state + ',UP', [self.second, self.first])):
                # Nova's order is that of whole seconds.
                self.assertEqual(sorted(expected), sorted(
                    server['id'] for server in self.details(
                        'admin', '?all_tenants=1&host_status=' + wanted,
                        version, path)))
            for user in ('owner', 'reader'):
                self.assertNotIn('host_status', self.server(
                    self.first, user, version, path))

    def assert_hypervisors(self, expected):
        for path, version in APIS:
            for form in ('', '/detail'):
                found = self.call(
                    'GET', '%s/os-hypervisors%s' % (path, form), 'admin',
                    microversion=version).json()['hypervisors']
                self.assertEqual(
                    {'compute1': expected,
                     'compute2': ('up', 'enabled', None, False)},
                    {hypervisor['hypervisor_hostname']: tuple(
                        hypervisor[key] for key in (
                            'state', 'status', 'disabled_reason',
                            'forced_down')) for hypervisor in found})
            for query in ('state=' + expected[0], 'status=' + expected[1]):
                found = self.call(
                    'GET', '%s/os-hypervisors?%s' % (path, query), 'admin',
                    microversion=version).json()['hypervisors']
                names = {hypervisor['hypervisor_hostname']
                         for hypervisor in found}
                self.assertEqual(
                    query in ('state=up', 'status=enabled'),
                    'compute2' in names)
                self.assertIn('compute1', names)
            self.call('GET', path + '/os-hypervisors', 'owner',
                      microversion=version, expected=403)

    def test_forced_down(self):
        with self.forced_down():
            self.assert_states('DOWN')
            self.assert_hypervisors(('down', 'enabled', None, True))

    def test_disabled(self):
        with self.disabled():
            self.assert_states('MAINTENANCE')
            self.assert_hypervisors(('up', 'disabled', REASON, False))

    def test_dead(self):
        with self.stopped():
            self.assert_states('UNKNOWN')
            self.assert_hypervisors(('down', 'enabled', None, False))
            self.check_rules()

    def check_rules(self):
        """Members may be let see all states, or UNKNOWN alone."""
        for rule, seen in ((SHOW, {self.first: 'UNKNOWN',
                                   self.second: 'UP'}),
                           (SHOW + ':unknown-only',
                            {self.first: 'UNKNOWN', self.second: 'absent'})):
            with self.rules({rule: 'rule:project_reader_or_admin'}):
                for path, version in APIS:
                    self.assertEqual(seen, {
                        server['id']: server.get('host_status', 'absent')
                        for server in self.details(
                            'reader', '', version, path)})

    def test_client(self):
        with self.disabled():
            rows = self.openstack_json('hypervisor', 'status', 'list',
                                       user='admin')
            self.assertIn(REASON, [row.get('Disabled Reason')
                                   for row in rows], rows)
            shown = self.openstack_json('server', 'host', 'status',
                                        self.first, user='admin')
            self.assertIn('MAINTENANCE', str(shown))
