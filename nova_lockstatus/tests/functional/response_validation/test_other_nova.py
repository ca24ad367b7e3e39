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

"""A Nova that validates responses in a way that the plugin does not know."""

import sys
from typing import Any
from unittest import mock

import fixtures
import testtools
from nova.api import validation
from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus.cli.upgrade_check import installation
from nova_lockstatus.cli.upgrade_check import speedups
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import releases

LINE = ('[lockstatus]speedups does not speed up the validation of responses '
        'by this Nova: ')


def other_decorator(schema, min_version=None, max_version=None):
    def add_validator(function):
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper
    return add_validator


class OtherNovaTestCase(base.NovaTestCase):

    options: dict[str, Any] = {'filter': False}

    def setUp(self):
        super().setUp()
        lockstatus_conf.register_opts(cfg.CONF)
        self.nova.services.stdlog.delete_stored_logs()

    def details(self):
        result = speedups.check(installation.Installation(
            cfg.CONF, {}, api_paste='/none'))
        self.assertEqual(upgradecheck.Code.SUCCESS, result.code)
        return result.details

    def assert_starts_without(self, words):
        app = base.load_app()
        answer = base.ask(app, 'GET', '/v2.1/flavors/detail', 'owner')
        self.assertEqual(200, answer.status_code)
        lines = [line for line in self.nova.log.splitlines() if LINE in line]
        # For each pipeline.
        self.assertEqual(2, len(lines))
        self.assertIn(' INFO ', lines[0])
        self.assertThat(lines[0], testtools.matchers.EndsWith(
            LINE + words + '.'))
        self.assertEqual(
            'Nova validates responses by itself: %s.' % words, self.details())

    def test_other_decorator(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.api.validation.response_body_schema', other_decorator))
        self.assert_starts_without(
            'its decorator response_body_schema is another one')

    def test_decorator_that_takes_something_else(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.api.validation.response_body_schema', lambda: None))
        self.assertIn('its way to do that is not known (TypeError(',
                      self.details())

    def test_no_decorator(self):
        if hasattr(validation, 'response_body_schema'):
            self.useFixture(fixtures.MonkeyPatch(
                'nova.api.validation.response_body_schema', None))
        self.assert_starts_without('it validates none')

    @testtools.skipUnless(releases.VALIDATES_RESPONSES,
                          'this Nova validates no responses')
    def test_other_validator(self):
        class Validator:
            validator_org = (validation.validators._SchemaValidator
                             .validator_org)

            def __init__(self, schema, body):
                pass

        self.useFixture(fixtures.MonkeyPatch(
            'nova.api.validation.validators._SchemaValidator', Validator))
        self.assertIn('_SchemaValidator.__init__ takes (self, schema, body), '
                      'expected', self.details())

    @testtools.skipUnless(releases.VALIDATES_RESPONSES,
                          'this Nova validates no responses')
    def test_this_nova(self):
        self.assertEqual('Responses are serialised once to be validated, by '
                         'compiled schemas.', self.details())
        with mock.patch.dict(sys.modules, jsonschema_rs=None):
            self.assertIn('jsonschema-rs is not installed', self.details())
        self.configure('lockstatus', speedups=False)
        self.assertEqual('Off: [lockstatus]speedups is False.',
                         self.details())


@testtools.skipUnless(releases.VALIDATES_RESPONSES,
                      'this Nova validates no responses')
class NoCompilerTestCase(base.NovaTestCase):
    """jsonschema-rs is not installed."""

    def test_nova_validates(self):
        self.configure('api', response_validation='error')
        # No other test asks for this one: its schema is not compiled yet.
        call = 'GET', '/v2.1/flavors/1/os-extra_specs', 'admin'
        with mock.patch.dict(sys.modules, jsonschema_rs=None):
            answer = base.ask(self.nova.app, *call)
        self.assertEqual(200, answer.status_code, answer.text)
        self.assertEqual(base.ask(base.load_app(pipelines=()), *call).body,
                         answer.body)
