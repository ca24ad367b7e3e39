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

"""Malformed requests: never a 500 of the plugin's, nothing half done.

``tox -e fuzz`` throws many more.
"""

import bisect

import testtools
import webob

from nova_lockstatus.tests.fuzz import feeder
from nova_lockstatus.tests.fuzz import oracle as oracles
from nova_lockstatus.tests.fuzz import requests
from nova_lockstatus.tests.fuzz import world as worlds

INPUTS = 500
SEED = 0

SHOW = requests.Request('', 'GET', '/v2.1/servers/{UNLOCKED}',
                        (('X-Auth-Token', 'owner'),))

TAG = requests.Request('', 'PUT', '/v2.1/servers/{UNLOCKED}/tags/red', (
    ('X-Auth-Token', 'owner'), ('OpenStack-API-Version', 'compute 2.26')))

NO_TAG = TAG._replace(target='/v2.1/servers/{DELETED}/tags/red')

DEEPER_THAN_NOVA_READS = 50000


def nested(depth):
    """Make a lock with a reason in that many lists."""
    return requests.Request(
        'lock', 'POST', '/v2.1/servers/{UNLOCKED}/action',
        (('X-Auth-Token', 'owner'), ('Content-Type', 'application/json')),
        b'{"lock": {"locked_reason": %s1%s}}' % (b'[' * depth, b']' * depth))


class FuzzTestCase(testtools.TestCase):
    """Has one Nova for all tests, which each of them leaves as it was."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world = worlds.World()
        cls.world.setUp()
        cls.addClassCleanup(cls.world.cleanUp)

    def check(self, request):
        verdict = oracles.Oracle(self.world).check(request)
        self.assertIsNone(verdict.problem, '%s %s\n%s\nstock: %s' % (
            request.curl(), verdict.problem, verdict.plugin, verdict.stock))
        return verdict

    def test_malformed_requests(self):
        feeder.feed(self.check, INPUTS, SEED)

    def test_reason_that_is_nested_as_deep_as_nova_reads(self):
        """At 2.1 stock Nova does not look at it."""
        deepest = bisect.bisect_left(
            range(DEEPER_THAN_NOVA_READS), True,
            key=lambda depth: self.ask_stock(nested(depth)) >= 500) - 1
        self.assertLess(100, deepest)
        statuses = [self.check(nested(depth)).plugin.status
                    for depth in range(deepest - 20, deepest + 12)]
        self.assertEqual([400, 500], [statuses[0], statuses[-1]])

    def ask_stock(self, request):
        status = oracles.ask(self.world.stock,
                             request.environ(self.world.ids)).status
        self.world.restore()
        return status

    def test_search_for_what_is_no_regular_expression(self):
        """At /v2 stock Nova does not look at it, for a member."""
        for api in ('/v2', '/v2.1'):
            for query in ('locked_by=*', 'locked_by=owner&locked_by=*'):
                verdict = self.check(SHOW._replace(
                    target='%s/servers?%s' % (api, query)))
                self.assertEqual(400, verdict.plugin.status)
                self.assertIn("query parameters locked_by. Value: *. '*' is "
                              "not a 'regex'", verdict.plugin.text)

    # Other applications, in place of Nova with the plugin, are found out.

    def problem(self, app, request=SHOW):
        verdict = oracles.Oracle(self.world, app).check(request)
        self.assertEqual(frozenset(), self.world.changed())
        return verdict.problem

    def test_nova_itself(self):
        for app in (self.world.plugin, self.world.stock):
            for request in (SHOW, TAG, NO_TAG):
                self.assertIsNone(self.problem(app, request))

    def test_one_that_fails(self):
        self.assertEqual('fails, where stock Nova answers 200', self.problem(
            webob.Response(status=500)))

    def test_one_that_raises(self):
        def app(environ, start_response):
            raise GeneratorExit

        self.assertEqual('fails, where stock Nova answers 200',
                         self.problem(app))

    def test_one_that_refuses(self):
        self.assertEqual(
            'is refused, where stock Nova answers 200',
            self.problem(webob.Response(status=400)))

    def test_one_that_changes_what_it_refuses(self):
        def app(environ, start_response):
            answer = webob.Request(
                TAG.environ(self.world.ids)).get_response(self.world.stock)
            self.assertEqual(201, answer.status_code)
            return webob.Response(status=404)(environ, start_response)

        for request in (TAG, NO_TAG):
            self.assertIn('is refused, and changes', self.problem(
                app, request))

    def test_one_that_changes_what_an_admin_has_locked(self):
        request = TAG._replace(target='/v2.1/servers/{BILLING}/tags/red')
        problem = 'changes a server that an admin has locked'
        self.assertEqual(problem, self.problem(self.world.stock, request))
        self.assertIsNone(self.problem(self.world.stock, request._replace(
            headers=(('X-Auth-Token', 'admin'), *request.headers[1:]))))
        disguised = request._replace(
            method='GET', target='/v2.1/servers/{BILLING}/tags?_method=DELETE')
        self.assertEqual(problem, self.problem(self.world.stock, disguised))
        self.assertIsNone(self.problem(self.world.plugin, disguised))
