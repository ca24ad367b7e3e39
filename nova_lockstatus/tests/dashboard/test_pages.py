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


"""The pages of locks: the calls that they make, and what they show."""

import json
import urllib.parse
import uuid

import requests_mock
from django import urls
from django.core import exceptions
from django.test import utils
from openstack_dashboard.test import helpers

from nova_lockstatus.dashboard.locks import forms
from nova_lockstatus.dashboard.locks import tables
from nova_lockstatus.tests.fixtures import horizon_case

LOCKED = {'locked': True, 'locked_by': 'owner', 'locked_reason': 'in use',
          'locked_at': '2026-11-21T12:00:00Z'}

INDEX = 'horizon:project:locks:index'


def setUpModule():
    utils.setup_test_environment()


def tearDownModule():
    utils.teardown_test_environment()


class IndexTestCase(horizon_case.PageTestCase):

    def test_one_call_for_a_page_of_100_servers(self):
        self.answer('GET', '/servers/detail', servers=[
            self.server('server-%d' % number, **LOCKED)
            for number in range(100)])
        with self.settings(API_RESULT_PAGE_SIZE=100):
            response = self.client.get(urls.reverse(INDEX))
        self.assertEqual(100, len(response.context['table'].data))
        call, = self.compute_calls()
        query = urllib.parse.parse_qs(call.query)
        self.assertEqual(['101'], query['limit'])
        self.assertEqual(['true'], query['lock_details'])
        self.assertEqual(
            ['locked', 'display_name', 'uuid'], query['sort_key'])

    def test_the_cloud_is_asked_once_for_the_plugin(self):
        self.answer('GET', '/servers/detail', servers=[])
        for _number in range(3):
            self.client.get(urls.reverse(INDEX))
        self.assertEqual(1, sum(
            request.path.endswith('/extensions')
            for request in self.api.request_history))

    def test_hidden_without_the_plugin(self):
        self.api.get(requests_mock.ANY, json={'extensions': []})
        response = self.client.get(urls.reverse(INDEX))
        self.assertEqual(403, response.status_code)

    def test_hidden_where_it_cannot_be_known(self):
        self.api.get(requests_mock.ANY, status_code=503, text='away')
        response = self.client.get(urls.reverse(INDEX))
        self.assertEqual(403, response.status_code)

    def test_a_refusal_is_shown_and_the_list_is_empty(self):
        self.answer('GET', '/servers/detail', 400, badRequest={
            'message': 'Invalid filter\x1b[31m', 'code': 400})
        response = self.client.get(urls.reverse(INDEX))
        self.assertEqual([], response.context['table'].data)
        self.assertContains(response, 'Invalid filter\\x1b[31m')

    def test_values_are_escaped(self):
        self.answer('GET', '/servers/detail', servers=[self.server(
            '<i>name</i>', **{**LOCKED, 'locked_reason': '<b>\x07"x"'})])
        response = self.client.get(urls.reverse(INDEX))
        self.assertContains(response, '&lt;b&gt;\\x07&quot;x&quot;')
        self.assertNotContains(response, '<b>')
        self.assertNotContains(response, '<i>name')

    def test_a_column_that_the_user_may_not_see_is_left_out(self):
        server = self.server(**LOCKED)
        del server['locked_reason']
        self.answer('GET', '/servers/detail', servers=[server])
        columns = self.client.get(urls.reverse(INDEX)).context[
            'table'].columns
        self.assertIn('locked_by', columns)
        self.assertNotIn('locked_reason', columns)
        self.assertNotIn('host_status', columns)

    def test_the_page_before(self):
        rows = [self.server('b'), self.server('a')]
        self.answer('GET', '/servers/detail', servers=rows)
        response = self.client.get(
            urls.reverse(INDEX), {'prev_marker': str(uuid.uuid4())})
        self.assertEqual(['a', 'b'], [
            server['name'] for server in response.context['table'].data])
        query = urllib.parse.parse_qs(self.compute_calls()[0].query)
        self.assertEqual(['asc', 'desc', 'desc'], query['sort_dir'])

    def test_the_session_of_the_user_has_ended(self):
        self.answer('GET', '/servers/detail', 401, unauthorized={})
        response = self.client.get(urls.reverse(INDEX))
        self.assertEqual(302, response.status_code)
        self.assertIn('/auth/l', response.url)


class ActionTestCase(horizon_case.PageTestCase):

    def _post_form(self, servers, reason):
        return self.client.post(
            urls.reverse('horizon:project:locks:lock_many'),
            {'servers': json.dumps({server['id']: server['name']
                                    for server in servers}),
             'reason': reason})

    def test_lock_of_several_with_a_failure(self):
        good, held = self.server('good'), self.server(
            'held', locked=True, locked_by='admin')
        for server in (good, held):
            self.answer('GET', '/servers/' + server['id'], server=server)
        action = self.answer(
            'POST', '/servers/%s/action' % good['id'], 202)
        refused = self.answer(
            'POST', '/servers/%s/action' % held['id'], 202)
        response = self._post_form([good, held], 'a\r\nb')
        self.assertRedirectsNoFollow(response, urls.reverse(INDEX))
        self.assertEqual({'lock': {'locked_reason': 'a\nb'}},
                         action.last_request.json())
        self.assertEqual(0, refused.call_count)

    def test_an_id_that_is_none(self):
        response = self.client.post(
            urls.reverse('horizon:project:locks:lock_many'),
            {'servers': '{"../os-services": "x"}', 'reason': ''})
        self.assertFormErrors(response, 1)
        self.assertEqual([], self.compute_calls())

    def test_unlock(self):
        servers = [self.server('a', **LOCKED), self.server('b', **LOCKED)]
        self.answer('GET', '/servers/detail', servers=servers)
        good = self.answer(
            'POST', '/servers/%s/action' % servers[0]['id'], 202)
        self.answer(
            'POST', '/servers/%s/action' % servers[1]['id'], 403,
            forbidden={'message': 'It is locked by admin: rent', 'code': 403})
        response = self.client.post(urls.reverse(INDEX), {
            'action': 'locks__unlock',
            'object_ids': [server['id'] for server in servers]}, follow=True)
        self.assertEqual({'unlock': None}, good.last_request.json())
        self.assertContains(response, 'Unlocked: a')
        self.assertContains(
            response, 'Unable to unlock b: It is locked by admin: rent')

    def test_change_reason_is_not_offered_where_it_changes_nothing(self):
        action = tables.ChangeReason()
        for locked_by, offered in (('owner', True), ('admin', False)):
            server = self.server(**{**LOCKED, 'locked_by': locked_by})
            self.assertIs(offered, action.allowed(self.request, server))


class FormTestCase(helpers.TestCase):

    def test_the_length_of_a_reason_is_that_of_nova(self):
        field = forms.ReasonField()
        self.assertEqual('😀' * 255, field.clean('😀' * 255))
        with self.assertRaises(exceptions.ValidationError):
            field.clean('😀' * 256)
