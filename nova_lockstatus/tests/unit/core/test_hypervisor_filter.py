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

import urllib.parse

import testtools

from nova_lockstatus import exception
from nova_lockstatus.core import hypervisor_filter


def parse(query):
    return hypervisor_filter.parse(
        urllib.parse.parse_qsl(query, keep_blank_values=True))


class ParseTestCase(testtools.TestCase):

    def test_nothing_is_asked_for(self):
        for query in ('', 'limit=3', 'host_state=up', 'foo=state',
                      'status_code=1'):
            self.assertIsNone(parse(query))

    def test_values(self):
        for query, state, status in (
                ('state=up', {'up'}, set()),
                ('status=disabled&limit=2', set(), {'disabled'}),
                ('state=up,down', {'up', 'down'}, set()),
                ('state=up&status=enabled&state=down',
                 {'up', 'down'}, {'enabled'}),
                ('state=%75p', {'up'}, set())):
            search = parse(query)
            self.assertEqual((state, status), (search.state, search.status))

    def test_parameters_stay_as_they_were(self):
        search = parse(
            'status=disabled,enabled&limit=2&state=up&state=down')
        self.assertEqual((('status', 'disabled,enabled'), ('state', 'up'),
                          ('state', 'down')), search.parameters)

    def test_other_values(self):
        for query, message in (
                ('state=', "state. Value: . '' is not one of ['up', 'down']"),
                ('state=Up', "state. Value: Up. 'Up' is not one of"),
                ('state=up,', "state. Value: . ''"),
                ('status=up', "'up' is not one of ['enabled', 'disabled']"),
                ('state=up&state=x', "'x'"), ('state=%ff', 'state')):
            error = self.assertRaises(exception.InvalidSearch,
                                      parse, query)
            self.assertIn(message, str(error))


class MatchesTestCase(testtools.TestCase):

    def matching(self, query):
        search = parse(query)
        return [(is_up, disabled) for is_up in (True, False)
                for disabled in (True, False)
                if search.matches(is_up, disabled)]

    def test_states_and_statuses(self):
        self.assertEqual([(True, True), (True, False)],
                         self.matching('state=up'))
        self.assertEqual([(True, False), (False, False)],
                         self.matching('status=enabled'))
        self.assertEqual([(False, True)],
                         self.matching('state=down&status=disabled'))
        self.assertEqual(4, len(self.matching('state=up,down')))
