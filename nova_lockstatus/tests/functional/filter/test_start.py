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

"""How nova-api starts, and how it does not."""

import subprocess
import sys

import fixtures
from nova import policy as nova_policy
from nova.api.openstack.compute.views import servers
from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus import exception
from nova_lockstatus import filter as lockstatus_filter
from nova_lockstatus.cli.upgrade_check import checks
from nova_lockstatus.cli.upgrade_check import installation
from nova_lockstatus.core import releases
from nova_lockstatus.extensions import server_locked_status
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures import packages

OWN = server_locked_status.ServerLockedStatus.alias

SOURCE = '''
from nova_lockstatus.extensions import base
from oslo_policy import policy

class Unknown(base.Extension):
    alias = 'x-unknown'
    name = description = namespace = updated = 'text'
    instance_attributes = ('colour',)

class Ruleless(Unknown):
    alias = 'x-ruleless'
    instance_attributes = ()
    server_fields = (base.ServerField('x', 'no:such:rule', len),)

class Usurper(Ruleless):
    alias = 'x-usurper'
    server_fields = ()
    policies = (policy.RuleDefault('os_compute_api:servers:show', '@'),)

class Partless(Ruleless):
    alias = 'x-partless'
    server_fields = None
'''

# Makes the filter with a Nova that has lost a module.
LACKING = '''
import sys
sys.modules['nova.db.main'] = None
from oslo_config import cfg
from nova_lockstatus import conf
from nova_lockstatus import filter
conf.register_opts(cfg.CONF)
cfg.CONF.set_override('on_incompatible', sys.argv[1], 'lockstatus')
filter.filter_factory({})(None)
'''


class StartTestCase(base.NovaTestCase):

    options = {'filter': False}

    def setUp(self):
        super().setUp()
        self.nova.services.stdlog.delete_stored_logs()
        lockstatus_conf.register_opts(cfg.CONF)
        self.useFixture(packages.InstalledPackage(
            'lockstatus_misfits', SOURCE,
            {'x-unknown': 'Unknown', 'x-ruleless': 'Ruleless',
             'x-usurper': 'Usurper', 'x-partless': 'Partless'}))

    def starts(self, **options):
        return base.ask(base.load_app(**options), 'GET', '/v2.1/extensions/'
                        + OWN, 'owner').status_code == 200

    def assertDoesNotStart(self, error, words, **options):
        self.assertIn(words, str(self.assertRaises(error, base.load_app,
                                                   **options)))
        lines = [line for line in self.nova.log.splitlines()
                 if 'nova-lockstatus stops the start of nova-api' in line]
        self.assertEqual(1, len(lines))
        self.assertIn(' ERROR ', lines[0])
        self.assertIn(words, lines[0])

    def test_default(self):
        self.assertTrue(self.starts())

    def test_rules_are_loaded_beside_novas(self):
        base.load_app()
        rules = nova_policy._ENFORCER.rules
        self.assertIn('os_compute_api:servers:show', rules)
        self.assertIn('os_compute_api:os-server-locked-status:locked', rules)

    def test_configuration_file(self):
        self.configure('lockstatus', enabled_extensions=[])
        self.assertFalse(self.starts())

    def test_pipeline_counts_before_the_configuration_file(self):
        self.configure('lockstatus', enabled_extensions=[])
        self.assertTrue(self.starts(enabled_extensions=OWN))
        self.configure('lockstatus', enabled_extensions=[OWN])
        self.assertFalse(self.starts(enabled_extensions=''))

    def test_pipelines_of_their_own(self):
        app = base.load_app(pipelines=('v2',))
        project = '/v2/d3300000000000000000000000000001'
        for path, status in ((project, 200), ('/v2.1', 404)):
            answer = base.ask(app, 'GET', path + '/extensions/' + OWN,
                              'owner')
            self.assertEqual(status, answer.status_code)

    def test_factory_by_its_path(self):
        self.assertTrue(callable(lockstatus_filter.filter_factory(
            {}, enabled_extensions=OWN)))

    def test_missing_extension(self):
        self.assertDoesNotStart(
            exception.ExtensionNotFound, "'os-nowhere'",
            enabled_extensions='os-nowhere')

    def test_duplicate_extension(self):
        self.assertDoesNotStart(
            exception.DuplicateExtension, 'is enabled 2 times',
            enabled_extensions='%s,%s' % (OWN, OWN))

    def test_attribute_that_a_server_does_not_have(self):
        self.assertDoesNotStart(
            exception.BrokenExtension, "no attribute 'colour'",
            enabled_extensions='x-unknown')

    def test_extension_that_needs_another(self):
        self.assertDoesNotStart(
            exception.BrokenExtension,
            "'os-server-locks' cannot be used: it needs "
            'os-server-locked-status in the same pipeline',
            enabled_extensions='os-server-locks')

    def test_rule_that_nobody_registers(self):
        self.assertDoesNotStart(
            exception.BrokenExtension, "'no:such:rule'",
            enabled_extensions='x-ruleless')

    def test_rule_of_somebody_else(self):
        self.assertDoesNotStart(
            exception.BrokenExtension, 'another default already',
            enabled_extensions='x-usurper')

    def test_upgrade_check_finds_what_does_not_start(self):
        for alias, words in (
                ('x-unknown', "no attribute 'colour'"),
                ('x-ruleless', "nobody registers the rule 'no:such:rule'"),
                ('x-usurper', 'another default already'),
                ('x-partless', 'its server_fields is no collection')):
            self.configure('lockstatus', enabled_extensions=[alias])
            result = checks.check_extensions(installation.Installation(
                cfg.CONF, {}, api_paste='/none'))
            self.assertEqual(upgradecheck.Code.FAILURE, result.code)
            self.assertIn("The extension '%s' cannot be used: " % alias,
                          result.details)
            self.assertIn(words, result.details)

    def test_unknown_option(self):
        self.assertDoesNotStart(
            exception.InvalidPasteOption, "'enabled_extension'",
            enabled_extension=OWN)

    def test_nova_that_is_too_old(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.version.version_string', lambda: '19.3.2'))
        self.assertDoesNotStart(exception.UnsupportedNova, 'Nova 19.3.2')

    def use_newer_nova(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.version.version_string',
            lambda: '%d.0.0.0rc1' % (releases.NEWEST + 1)))

    def use_other_view(self):
        def show(self, instance, request):
            pass

        self.useFixture(fixtures.MockPatchObject(
            servers.ViewBuilder, 'show', show))

    def newer_lines(self):
        return [line for line in self.nova.log.splitlines()
                if 'the newest release that this nova-lockstatus' in line]

    def test_newer_nova_that_fits(self):
        self.assertTrue(self.starts())
        self.assertEqual([], self.newer_lines())
        self.use_newer_nova()
        self.assertTrue(self.starts())
        # A line for each of the pipelines.
        lines = self.newer_lines()
        self.assertEqual([True, True],
                         [' WARNING ' in line for line in lines])
        self.assertIn(
            'This is Nova %d.0.0.0rc1, and the newest release that this '
            'nova-lockstatus was tested with is %d.'
            % (releases.NEWEST + 1, releases.NEWEST), lines[0])

    def test_newer_nova_that_does_not_fit(self):
        self.use_newer_nova()
        self.use_other_view()
        self.assertDoesNotStart(
            exception.HookMismatch,
            'nova.api.openstack.compute.views.servers:ViewBuilder.show takes '
            '(self, instance, request)')

    def test_hook_that_does_not_fit(self):
        self.use_other_view()
        self.assertDoesNotStart(
            exception.HookMismatch,
            'ViewBuilder.show takes (self, instance, request)')

    def test_place_that_is_gone(self):
        self.useFixture(fixtures.MonkeyPatch(
            'nova.api.openstack.wsgi.Resource.dispatch', None))
        self.assertDoesNotStart(exception.HookMismatch,
                                'Resource.dispatch is no function')

    def test_module_of_nova_that_is_gone(self):
        for choice, code, words in (
                ('fail', 1, 'stops the start of nova-api: '),
                ('disable', 0, 'is off, this is stock Nova: ')):
            done = subprocess.run(
                [sys.executable, '-W', 'ignore', '-c', LACKING, choice],
                capture_output=True, text=True, timeout=300)
            self.assertEqual(code, done.returncode, done.stderr)
            self.assertIn(words + 'nova-lockstatus does not fit the installed '
                          'Nova: a module or a name in it is not there (',
                          done.stderr)
            self.assertIn('nova.db.main', done.stderr)

    def test_on_incompatible_disable(self):
        self.configure('lockstatus', on_incompatible='disable')
        self.assertFalse(self.starts(enabled_extensions='os-nowhere'))
        self.assertFalse(self.starts(enabled_extensions='x-partless'))
        lines = [line for line in self.nova.log.splitlines()
                 if 'this is stock Nova' in line]
        self.assertEqual([True] * 4, [' ERROR ' in line for line in lines])
        self.assertIn("'os-nowhere'", lines[0])
        self.assertIn("'x-partless' cannot be used: its server_fields is",
                      lines[2])
