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

"""Runs the gabbi files over the real API of an embedded Nova.

Those in a folder of ``gabbits``, such as ``gabbits/every-api``, are run once
for each API and microversion that counts there, one after the other over the
same Nova; those in ``gabbits`` once.
"""

import functools
import os
import re

import fixtures
from gabbi import driver
from gabbi.handlers import base as gabbi_handlers
from gabbi.handlers import jsonhandler

from nova_lockstatus.embedded import identity
from nova_lockstatus.tests.fixtures import gabbi_fixtures
from nova_lockstatus.tests.fixtures import releases

GABBITS = os.path.join(os.path.dirname(__file__), 'gabbits')

# Where Nova's own answer changes, what clients pin, and both ends.
MICROVERSIONS = ('2.1', '2.8', '2.9', '2.42', '2.72', '2.73', '2.100',
                 'latest')

# Where the answers on hosts and hypervisors change.
HOST_MICROVERSIONS = ('2.1', '2.15', '2.16', '2.33', '2.52', '2.53', '2.72',
                      '2.88', 'latest')

FOLDERS = {
    'every-api': [
        # /v2 takes no microversion: Nova must not see this one.
        ('/v2/%(project_id)s', '2.73'),
        *(('/v2.1', microversion)
          for microversion in releases.offered(*MICROVERSIONS)),
        ('/v2.1/%(project_id)s', '2.1'),
        ('/v2.1/%(project_id)s', 'latest'),
    ],
    # What a rule refuses is absent, or null where Nova has the key.
    'policy-api': [
        ('/v2/%(project_id)s', '2.73'),
        *(('/v2.1', microversion)
          for microversion in releases.offered('2.1', '2.73', 'latest')),
    ],
    'every-host-api': [
        ('/v2/%(project_id)s', '2.88'),
        *(('/v2.1', microversion)
          for microversion in releases.offered(*HOST_MICROVERSIONS)),
        ('/v2.1/%(project_id)s', 'latest'),
    ],
}


class Api(fixtures.Fixture):
    """Tells the gabbi files which API is to be tested.

    :param path: the path of the API, with ``%(project_id)s``
    :param microversion: the microversion to ask for
    """

    def __init__(self, path, microversion):
        super().__init__()
        self.path = path
        self.microversion = microversion

    def _setUp(self):
        variables = {
            '%s_API' % token.upper():
                self.path % {'project_id': caller.project_id}
            for token, caller in identity.IDENTITIES.items()}
        variables.update(
            ('%s_USER' % token.upper(), caller.user_id)
            for token, caller in identity.IDENTITIES.items())
        variables['MICROVERSION'] = self.microversion
        for name, value in variables.items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))


class ForbiddenStringsHandler(gabbi_handlers.ResponseHandler):
    """Tests ``response_forbidden_strings``: what no answer may contain."""

    test_key_suffix = 'forbidden_strings'
    test_key_value = []

    def action(self, test, item, value=None):
        test.assertNotIn(test.replace_template(item), test.output)


# It makes its grammar anew for each path, which takes longer than a request.
jsonhandler.json_parser.parse = functools.cache(jsonhandler.json_parser.parse)


def application(environ, start_response):
    return gabbi_fixtures.Cloud.running.nova.app(environ, start_response)


def load_tests(loader, tests, pattern):
    build = functools.partial(
        driver.build_tests, loader=loader, intercept=lambda: application,
        fixture_module=gabbi_fixtures,
        response_handlers=[ForbiddenStringsHandler])
    tests.addTests([gabbi_fixtures.Alone(
        build(GABBITS, test_loader_name=__name__))])
    for folder, apis in FOLDERS.items():
        suites = []
        for path, microversion in apis:
            name = re.sub('[^a-z0-9]+', '_', '%s_%s' % (
                path % {'project_id': 'project'}, microversion))
            suites.append(build(
                os.path.join(GABBITS, folder),
                test_loader_name=__name__ + name,
                inner_fixtures=[functools.partial(Api, path, microversion)]))
        # All of one file, and then those of the next.
        for of_file in zip(*suites, strict=True):
            tests.addTests([gabbi_fixtures.Sharing(of_file)])
    return tests
