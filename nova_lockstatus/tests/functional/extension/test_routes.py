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

"""What is wrong with the routes of an extension stops the start."""

import testtools

from nova_lockstatus import exception
from nova_lockstatus.api.hooks import api_routes
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions.route import Route

RULE = 'rule:context_is_admin'
FUNCTION = 'nova_lockstatus.api.policy:may'


class Extension(base.Extension):
    """An extension with routes."""

    alias = name = description = namespace = updated = 'os-racks'

    def __init__(self, *routes):
        self.routes = routes


class BrokenRouteTestCase(testtools.TestCase):

    def test_refused(self):
        for route, problem in (
                (('PATCH', '/os-racks', FUNCTION),
                 "'PATCH /os-racks' is no method and path"),
                (('GET', 'os-racks', FUNCTION),
                 "'GET os-racks' is no method and path"),
                (('GET', '/servers/{server_id}', FUNCTION),
                 "'GET /servers/{}' is there already"),
                (('GET', '/os-racks/{id}', FUNCTION),
                 "'GET /os-racks/{}' is there already"),
                (('GET', '/os-racks', 'nova_lockstatus.api.policy:NOBODY'),
                 'is no function'),
                (('GET', '/os-racks', 'nova_lockstatus.api.policy:nothing'),
                 'cannot be imported'),
                (('GET', '/os-racks', 'no.such.module:x'),
                 'cannot be imported'),
                (('GET', '/os-racks', ''), 'cannot be imported')):
            extension = Extension(Route('GET', '/os-racks/{x}', FUNCTION,
                                        RULE), Route(*route, RULE))
            error = self.assertRaises(exception.BrokenExtension,
                                      api_routes.make_mapper, [extension])
            self.assertIn(problem, str(error))
            self.assertIn("The extension 'os-racks' cannot be used",
                          str(error))

    def test_no_routes(self):
        self.assertIsNone(api_routes.make_mapper([Extension()]))
