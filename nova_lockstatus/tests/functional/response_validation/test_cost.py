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

"""How often a response is serialised to be validated, and what is kept."""

import concurrent.futures
import contextlib

import fixtures
import jsonschema
import jsonschema_rs
import testtools
from nova.api.openstack import wsgi
from nova.api.openstack.compute import flavors
from nova.api.openstack.compute import servers
from nova.api.validation import validators

from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import releases

FLAVORS = '/v2.1/flavors/detail'
SERVERS = '/v2.1/servers/detail'

VERSIONS = releases.offered('2.1', '2.55', '2.73', 'latest')


@contextlib.contextmanager
def counted(owner, name):
    """Count the calls of a function meanwhile.

    :param owner: what has it
    :param name: its name there
    :returns: a list that gets the arguments of each call
    """
    calls = []
    original = getattr(owner, name)

    def counting(*args, **kwargs):
        calls.append(args)
        return original(*args, **kwargs)

    with fixtures.MockPatchObject(owner, name, counting):
        yield calls


def decorators(function):
    """Return how many decorators validate the response of a function."""
    count = 0
    while function is not None:
        count += 'response_body_schema' in function.__code__.co_freevars
        function = getattr(function, '__wrapped__', None)
    return count


@testtools.skipUnless(releases.VALIDATES_RESPONSES,
                      'this Nova validates no responses')
class CostTestCase(base.NovaTestCase):

    options = {'config': {('api', 'response_validation'): 'warn'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = staticmethod(base.load_app(pipelines=()))
        cls.server_id = cls.nova.boot_server('db')

    def ask(self, app, path=FLAVORS, version='2.1'):
        answer = base.ask(app, 'GET', path, 'owner', version)
        self.assertEqual(200, answer.status_code, answer.text)
        return answer

    def serialised(self, app, *call):
        """Return how often a response is serialised to be validated."""
        with counted(wsgi.JSONDictSerializer, 'serialize') as calls:
            self.ask(app, *call)
        # Once it is for the caller.
        return len(calls) - 1

    def test_once(self):
        paths = [(FLAVORS, flavors.FlavorsController.detail)]
        if releases.VALIDATES_SERVERS:
            paths += [(SERVERS, servers.ServersController.detail),
                      ('/v2.1/servers/' + self.server_id,
                       servers.ServersController.show)]
        for path, method in paths:
            stock = decorators(method)
            self.assertLess(2, stock)
            for version in VERSIONS:
                self.assertEqual(
                    1, self.serialised(self.nova.app, path, version))
                self.assertEqual(
                    stock, self.serialised(self.stock, path, version))

    def test_not_at_all(self):
        self.configure('api', response_validation='ignore')
        self.assertEqual(0, self.serialised(self.nova.app))

    def test_speedups_that_are_off(self):
        self.configure('lockstatus', speedups=False)
        app = base.load_app()
        self.assertEqual(self.serialised(self.stock), self.serialised(app))
        # The pipelines that have them keep them.
        self.assertEqual(1, self.serialised(self.nova.app))

    def test_one_compiled_schema_for_each(self):
        with counted(jsonschema_rs, 'Draft202012Validator') as calls:
            for version in ('2.1', '2.61', '2.2', '2.75', '2.1'):
                self.ask(self.nova.app, version=version)
                self.ask(self.stock, version=version)
        # Those of 2.1 and of 2.61, unless another test has asked before.
        self.assertLessEqual(len(calls), 2)
        with counted(jsonschema.validators, 'extend') as calls:
            self.ask(self.nova.app)
            self.assertEqual([], calls)
            self.ask(self.stock)
            # Of the query and of the response.
            self.assertEqual(2, len(calls))

    def test_plain_values_are_not_checked_by_nova(self):
        self.ask(self.nova.app)
        asked = []
        checkers = validators._FORMAT_CHECKER.checkers
        original = checkers['uri']

        def check(value):
            asked.append(value)
            return original[0](value)

        with fixtures.MonkeyPatch(
                'nova.api.validation.validators._FORMAT_CHECKER.checkers',
                {**checkers, 'uri': (check, original[1])}):
            self.ask(self.nova.app)
            self.assertEqual([], asked)
            self.ask(self.stock)
        self.assertLess(3, len(asked))

    def test_threads(self):
        """Each thread has its own request, and all have the validators."""
        calls = [(path, version)
                 for version in VERSIONS for path in (FLAVORS, SERVERS)]
        expected = [self.ask(self.nova.app, *call).body for call in calls]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for _ in range(2):
                self.assertEqual(expected, list(pool.map(
                    lambda call: self.ask(self.nova.app, *call).body, calls)))
        self.assertNotIn('Schema failed to validate', '\n'.join(
            self.nova.log.splitlines()))
