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

"""What the OpenStackClient's commands decide, without a cloud."""

import itertools
import json
import types

import requests
import testtools

from nova_lockstatus.osc import client
from nova_lockstatus.osc import error


class PagesTestCase(testtools.TestCase):
    """Lists in pages, as clouds give them."""

    def setUp(self):
        super().setUp()
        self.asked = []
        self.client = client.ComputeClient(types.SimpleNamespace(compute=self))

    def request(self, path, method, *, params, **_how):
        """Answer as the SDK's proxy of the compute service does."""
        marker = str(params.get('marker', ''))
        self.asked.append((path, marker))
        items, following = self.answers[marker]
        body: dict = {'things': items}
        if following:
            # A cloud may not know where it can be reached.
            body['things_links'] = [
                {'rel': 'prev', 'href': 'http://inside/?marker=0'},
                {'rel': 'next', 'href': 'http://inside/?%s' % following}]
        answer = requests.Response()
        answer.status_code = 200
        answer._content = json.dumps(body).encode()
        return answer

    def read(self):
        found = self.client.pages('/things', 'things', None)
        return [item['id'] for item in itertools.islice(found, 20)]

    def test_the_link_says_where_the_next_page_begins(self):
        self.answers = {'': ([{'id': 1}], 'limit=1&marker=a%20b'),
                        'a b': ([{'id': 2}], 'marker=c'),
                        'c': ([], '')}
        self.assertEqual([1, 2], self.read())
        self.assertEqual([('/things', marker) for marker in self.answers],
                         self.asked)

    def test_pages_in_a_circle(self):
        # As integer ids of hypervisors make it that two cells have.
        self.answers = {'': ([{'id': 1}, {'id': 2}], 'marker=2'),
                        '2': ([{'id': 3}, {'id': 1}], 'marker=1'),
                        '1': ([{'id': 2}, {'id': 3}], 'marker=3'),
                        '3': ([{'id': 1}, {'id': 2}], 'marker=2')}
        refusal = self.assertRaises(error.CommandError, self.read)
        self.assertEqual(
            'The pages of /things lead in a circle, back to the marker 2: '
            'choose another microversion with --os-compute-api-version.',
            str(refusal))
