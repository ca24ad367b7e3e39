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

"""Nova's API under uWSGI, which kolla-ansible and others run it with."""

import concurrent.futures

import requests

from nova_lockstatus.tests.integration.cloud import case
from nova_lockstatus.tests.integration.cloud import cloud
from nova_lockstatus.tests.integration.cloud import engines
from nova_lockstatus.tests.integration.cloud import listener
from nova_lockstatus.tests.integration.cloud import uwsgi

REASON = 'unpaid invoice 4711'

AT_THE_SAME_TIME = 8
CALLS = 40


class UWSGICase(case.CloudTestCase):
    """A second API of the cloud. No nova-lockstatus-watch runs beside it."""

    lazy_apps: bool

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.boot('under-uwsgi')
        cls.port, = cloud.free_ports(1)
        nova = cls.cloud.nova
        cls.api = uwsgi.UWSGI(cls.cloud.processes, nova.config.parent,
                              'nova-api-uwsgi')
        cls.api.start(cls.port, 'nova.wsgi.osapi_compute:application',
                      {'OS_NOVA_CONFIG_DIR': str(nova.config.parent)},
                      cls.lazy_apps)
        cls.addClassCleanup(cls.api.stop)

    def ask(self, method, path, user='owner', body=None, microversion=None):
        headers = {'X-Auth-Token': self.cloud.token(user)}
        if microversion:
            headers['OpenStack-API-Version'] = 'compute ' + microversion
        return requests.request(
            method, 'http://127.0.0.1:%d%s' % (self.port, path), json=body,
            headers=headers, timeout=cloud.TIMEOUT)

    def lock(self):
        answer = self.ask(
            'POST', '/v2.1/servers/%s/action' % self.server_id, 'admin',
            {'lock': {'locked_reason': REASON}}, '2.1')
        self.assertEqual(202, answer.status_code, answer.text)
        self.addCleanup(self.act, self.server_id, 'unlock', 'admin')

    def force_down(self, value):
        service, = self.ask(
            'GET', '/v2.1/os-services?binary=nova-compute&host=compute1',
            'admin', microversion='2.53').json()['services']
        answer = self.ask('PUT', '/v2.1/os-services/' + service['id'],
                          'admin', {'forced_down': value}, '2.53')
        self.assertEqual(200, answer.status_code, answer.text)

    def check_lock(self):
        """Lock, and ask both endpoints and many threads about it."""
        self.lock()
        for path, microversion in (('/v2', None), ('/v2.1', None),
                                   ('/v2.1', 'latest')):
            server = self.ask('GET', '%s/servers/%s' % (path, self.server_id),
                              microversion=microversion).json()['server']
            self.assertEqual((True, 'admin', REASON), tuple(
                server[key] for key in ('locked', 'locked_by',
                                        'locked_reason')))
        refused = self.ask('POST', '/v2.1/servers/%s/action' % self.server_id,
                           body={'reboot': {'type': 'SOFT'}})
        self.assertEqual(409, refused.status_code, refused.text)
        self.assertIn('by admin: ' + REASON, refused.text)
        self.cloud.token('owner')
        with concurrent.futures.ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
            answers = list(pool.map(
                lambda number: self.ask('GET', '/v2.1/servers/detail'),
                range(CALLS)))
        self.assertEqual({200}, {answer.status_code for answer in answers})
        self.assertEqual({REASON}, {
            server['locked_reason'] for answer in answers
            for server in answer.json()['servers']
            if server['id'] == self.server_id})

    def check_announcements(self):
        """Force the host down and up: its server's owner is told of both."""
        heard = listener.Listener(engines.transport_url(
            self.cloud.name + 'top'))
        self.addCleanup(heard.stop)

        def told():
            return [data['host_status']
                    for _, _, data in heard.heard[listener.EVENT]
                    if data['uuid'] == self.server_id]

        for value, expected in ((True, ['DOWN']), (False, ['DOWN', 'UP'])):
            self.force_down(value)
            self.cloud.processes.wait_for(
                'the server is told %s' % expected,
                lambda expected=expected: told() == expected, 30)


class LazyAppsTestCase(UWSGICase):

    lazy_apps = True

    def test_api(self):
        self.check_lock()
        self.check_announcements()


class LoadedBeforeTheForkTestCase(UWSGICase):

    lazy_apps = False

    def test_api(self):
        self.check_lock()
        self.check_announcements()
