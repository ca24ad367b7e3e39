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

"""Bodies of responses that are invalid on purpose, at each way to validate.

Stock Nova and Nova with speedups answer the same then, and log the same.
"""

import logging
import pathlib
import re
import traceback
from typing import Any

import fixtures
import testtools
from nova.api.openstack.compute.views import flavors
from nova.api.openstack.compute.views import servers

import nova_lockstatus
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import releases

OWN = '  File "%s/' % pathlib.Path(nova_lockstatus.__file__).parent

# It adds nothing to the answers below.
EXTENSION = 'os-hypervisor-status'

# Each PUT changes it.
UPDATED = re.compile('''(["']updated["']): ["'][^"']*["']''')

LEGACY = '/v2/d3300000000000000000000000000001'


def key_too_many(body):
    body['nobody_knows'] = 1


def wrong_type(body):
    body['name'] = 7


def boolean_for_a_number(body):
    for key in {'vcpus', 'progress'} & set(body):
        body[key] = True


def null(body):
    body['links'] = None


def bad_uri(body):
    body['links'][0]['href'] = 'http://a b'


def deep_inside(body):
    body.get('image', body)['links'][0]['rel'] = 5


def missing(body):
    del body['links']


def not_a_number(body):
    body['name'] = float('nan')


def bad_date(body):
    body['created'] = '2026-02-30T00:00:00Z'


def lone_surrogate(body):
    body['name'] = 'x\ud800'


def other_uri(body):
    body['links'][0]['href'] = 'http://[2001:db8::1]/?a=%20#c'


def other_date(body):
    body['created'] = '2024-02-29T00:00:00.5+01:00'


class Records(logging.Handler):
    """What Nova's decorators log."""

    def __init__(self):
        super().__init__()
        self.found = []

    def emit(self, record):
        self.found.append((
            record.levelname, record.getMessage(), without_own_frames(
                ''.join(traceback.format_exception(*record.exc_info)))))


def without_own_frames(text):
    """Return the lines of tracebacks that are not about the plugin's code."""
    kept, is_own = [], False
    for line in UPDATED.sub('', text).splitlines():
        if not line.startswith('    '):
            is_own = line.startswith(OWN)
        if not is_own:
            kept.append(line)
    return kept


class InvalidResponseTestCase(base.NovaTestCase):
    """Has what the tests of flavors and those of servers share."""

    view: Any = servers.ViewBuilder
    key = 'server'
    invalid: tuple[Any, ...] = (
        key_too_many, wrong_type, boolean_for_a_number, null, bad_uri,
        deep_inside, missing, not_a_number)
    valid: tuple[Any, ...] = (lone_surrogate, other_uri)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = staticmethod(base.load_app(pipelines=()))
        cls.fast = staticmethod(base.load_app(enabled_extensions=EXTENSION))

    def setUp(self):
        super().setUp()
        self.records = Records()
        logger = logging.getLogger('nova.api.validation')
        logger.addHandler(self.records)
        self.addCleanup(logger.removeHandler, self.records)

    def answer(self, app, call):
        del self.records.found[:]
        answer = base.ask(app, *call)
        return (answer.status_code, UPDATED.sub('', answer.text),
                list(self.records.found))

    def compare(self, *call):
        """Return the status that both give, and how much both log."""
        stock = self.answer(self.stock, call)
        fast = self.answer(self.fast, call)
        self.assertEqual(stock, fast, call)
        return stock[0], len(stock[2])

    def outcomes(self, mode, change):
        """Compare all calls, while Nova's view shows something else."""
        self.configure('api', response_validation=mode)
        original = self.view.show

        def show(*args, **kwargs):
            result = original(*args, **kwargs)
            change(result[self.key])
            return result

        with fixtures.MockPatchObject(self.view, 'show', show):
            return [(call[1].startswith('/v2/'), self.compare(*call))
                    for call in self.calls()]

    def assert_outcomes(self, mode, changes, expected):
        for change in changes:
            for is_legacy, outcome in self.outcomes(mode, change):
                # There, Nova up to 31 takes keys out that are too many, and
                # schemas of later microversions do not count.
                if not is_legacy:
                    self.assertEqual(expected, outcome, change)


@testtools.skipUnless(releases.VALIDATES_RESPONSES,
                      'this Nova validates no responses')
class FlavorTestCase(InvalidResponseTestCase):

    view = flavors.ViewBuilder
    key = 'flavor'

    def calls(self):
        yield 'GET', '/v2.1/flavors/1', 'admin', '2.1'
        yield 'GET', '/v2.1/flavors/detail', 'owner', 'latest'
        yield ('PUT', '/v2.1/flavors/1', 'admin', 'latest',
               {'flavor': {'description': 'x'}})
        yield 'GET', LEGACY + '/flavors/1', 'owner'

    def test_warn(self):
        self.assert_outcomes('warn', self.invalid, (200, 1))

    def test_error(self):
        self.assert_outcomes('error', self.invalid, (400, 0))

    def test_ignore(self):
        self.assert_outcomes('ignore', self.invalid[-2:], (200, 0))

    def test_strange_but_valid(self):
        self.assert_outcomes('error', self.valid, (200, 0))

    def test_the_text_of_the_log(self):
        self.configure('api', response_validation='warn')
        with fixtures.MockPatchObject(
                self.view, 'detail',
                lambda *args, **kwargs: {'flavors': None}):
            self.answer(self.fast, ('GET', '/v2.1/flavors/detail', 'owner'))
        (level, message, lines), = self.records.found
        self.assertEqual(('ERROR', 'Schema failed to validate'),
                         (level, message))
        self.assertIn("Value: None. None is not of type 'array'", lines[-1])

    def test_response_that_cannot_be_serialised(self):
        circle = {}
        circle['flavors'] = circle
        with fixtures.MockPatchObject(
                self.view, 'detail', lambda *args, **kwargs: circle):
            for mode in ('warn', 'error', 'ignore'):
                self.configure('api', response_validation=mode)
                self.assertEqual((500, 0), self.compare(
                    'GET', '/v2.1/flavors/detail', 'owner'))


@testtools.skipUnless(releases.VALIDATES_SERVERS,
                      'this Nova does not validate servers')
class ServerTestCase(InvalidResponseTestCase):

    invalid = (*InvalidResponseTestCase.invalid, bad_date)
    valid = (*InvalidResponseTestCase.valid, other_date)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server_id = cls.nova.boot_server('db')

    def calls(self):
        path = '/v2.1/servers/' + self.server_id
        yield 'GET', path, 'owner', '2.1'
        yield 'GET', '/v2.1/servers/detail', 'owner', 'latest'
        yield 'PUT', path, 'owner', '2.73', {'server': {'name': 'db'}}
        yield 'GET', LEGACY + '/servers/' + self.server_id, 'owner'

    def test_warn(self):
        self.assert_outcomes('warn', self.invalid, (200, 1))

    def test_error(self):
        self.assert_outcomes('error', self.invalid, (400, 0))

    def test_strange_but_valid(self):
        self.assert_outcomes('error', self.valid, (200, 0))
