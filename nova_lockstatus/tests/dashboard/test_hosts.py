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


"""The page of host statuses: the calls that it makes, and what it shows."""

import ddt
import requests
from django import urls
from django.test import utils
from openstack_dashboard.test import helpers

from nova_lockstatus.dashboard import hosts
from nova_lockstatus.tests.fixtures import horizon_case

INDEX = 'horizon:admin:host_status:index'


def setUpModule():
    utils.setup_test_environment()


def tearDownModule():
    utils.teardown_test_environment()


def hypervisor(host, **values):
    return {'state': 'up', 'status': 'enabled', 'forced_down': False,
            'running_vms': 1, 'service': {
                'host': host, 'id': horizon_case.uuid_of(host),
                'disabled_reason': None}, **values}


@ddt.ddt
class HostTestCase(horizon_case.PageTestCase):

    @ddt.data(
        ({}, 'UP'),
        ({'state': 'down'}, 'UNKNOWN'),
        ({'state': 'down', 'status': 'disabled'}, 'MAINTENANCE'),
        ({'status': 'disabled', 'forced_down': True}, 'DOWN'),
        ({'forced_down': None}, 'UP'),
    )
    @ddt.unpack
    def test_the_status_is_that_of_nova(self, values, status):
        host = hosts.Host(**{
            'name': 'a', 'service_id': 'b', 'state': 'up',
            'status': 'enabled', 'disabled_reason': None,
            'forced_down': False, **values})
        self.assertEqual(status, host.host_status)


class IndexTestCase(horizon_case.PageTestCase, helpers.BaseAdminViewTests):

    def test_hosts_of_all_pages_with_all_their_hypervisors(self):
        pages = [
            {'hypervisors': [hypervisor('b'), hypervisor('a', state='down')],
             'hypervisors_links': [{
                 'rel': 'next', 'href': 'http://x/y?marker=9&limit=2'}]},
            {'hypervisors': [hypervisor('b', running_vms=3)]}]
        listed = self.api.get(
            self.matcher('/os-hypervisors/detail'),
            [{'json': page} for page in pages])
        response = self.client.get(urls.reverse(INDEX))
        self.assertEqual([('a', 'UNKNOWN', 1), ('b', 'UP', 4)], [
            (host.name, host.host_status, host.servers)
            for host in response.context['table'].data])
        self.assertEqual(
            [('UP', 4, '80.000'), ('UNKNOWN', 1, '20.000')],
            [(part['status'], part['count'], part['width'])
             for part in response.context['parts']])
        self.assertEqual('limit=2&marker=9', '&'.join(sorted(
            listed.last_request.query.split('&'))))

    def test_no_bar_without_servers(self):
        self.answer('GET', '/os-hypervisors/detail', hypervisors=[])
        response = self.client.get(urls.reverse(INDEX))
        self.assertNotContains(response, 'servers_by_host_status')

    def test_disable_with_a_reason(self):
        service_id = horizon_case.uuid_of('a')
        changed = self.answer('PUT', '/os-services/' + service_id, service={})
        response = self.client.post(
            urls.reverse('horizon:admin:host_status:disable',
                         args=[service_id, 'a']),
            {'service_id': service_id, 'host': 'a', 'reason': 'fan'})
        self.assertRedirectsNoFollow(response, urls.reverse(INDEX))
        self.assertEqual({'status': 'disabled', 'disabled_reason': 'fan'},
                         changed.last_request.json())
        self.assertEqual('compute 2.53', changed.last_request.headers[
            'OpenStack-API-Version'])

    def test_a_refused_action_says_why(self):
        self.answer('GET', '/os-hypervisors/detail',
                    hypervisors=[hypervisor('a')])
        service_id = horizon_case.uuid_of('a')
        self.answer('PUT', '/os-services/' + service_id, 409,
                    conflictingRequest={'message': 'In use', 'code': 409})
        response = self.client.post(urls.reverse(INDEX), {
            'action': 'hosts__force_down__' + service_id}, follow=True)
        self.assertContains(response, 'Unable to change a: In use')

    def test_the_api_does_not_answer(self):
        self.api.get(self.matcher('/os-hypervisors/detail'),
                     exc=requests.exceptions.ConnectTimeout)
        response = self.client.get(urls.reverse(INDEX))
        self.assertContains(response, 'The compute service does not answer.')
