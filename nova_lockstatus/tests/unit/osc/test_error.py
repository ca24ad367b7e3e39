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

import json

import ddt
import requests
import testtools

from nova_lockstatus.osc import error


@ddt.ddt
class ErrorTestCase(testtools.TestCase):

    @ddt.data(
        ({'conflictingRequest': {'code': 409, 'message': 'Two\n lines.'}},
         'Two lines.'),
        ({'errors': [{'detail': 'Too new.'}]}, 'Too new.'),
        ({'errors': []}, 'Conflict'), ([1], 'Conflict'), ({}, 'Conflict'),
        ('x', 'Conflict'),
        # Such as the reason of a lock that refuses the call.
        ({'conflictingRequest': {'message': 'Locked: \x1b[2J.'}},
         r'Locked: \x1b[2J.'))
    @ddt.unpack
    def test_text_of(self, body, expected):
        answer = requests.Response()
        answer.reason = 'Conflict'
        answer._content = json.dumps(body).encode()
        self.assertEqual(expected, error.text_of(answer))

    def test_text_of_a_page(self):
        answer = requests.Response()
        answer.reason = 'Bad Gateway'
        answer._content = b'<html>'
        self.assertEqual('Bad Gateway', error.text_of(answer))

    def test_refused(self):
        self.assertEqual('Gone (HTTP 404)', str(error.Refused(404, 'Gone.')))
