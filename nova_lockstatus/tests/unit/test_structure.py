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

"""Holds the pieces of the project against each other."""

import ast
import configparser
import inspect
import pathlib
import re
import sys
from importlib import metadata

import testtools

import nova_lockstatus
from nova_lockstatus import policies
from nova_lockstatus.extensions import loader

PACKAGE = pathlib.Path(nova_lockstatus.__file__).parent
TOP = PACKAGE.parent

ENTRY_POINTS = {
    ('console_scripts', 'nova-lockstatus'),
    ('console_scripts', 'nova-lockstatus-status'),
    ('console_scripts', 'nova-lockstatus-watch'),
    ('nova_lockstatus.commands', 'db_sync'),
    ('nova_lockstatus.commands', 'disable'),
    ('nova_lockstatus.commands', 'enable'),
    ('nova_lockstatus.commands', 'report'),
    ('paste.filter_factory', 'main'),
    ('nova_lockstatus.extensions', 'os-server-host-status'),
    ('nova_lockstatus.extensions', 'os-hypervisor-status'),
    ('nova_lockstatus.extensions', 'os-server-locked-status'),
    ('nova_lockstatus.extensions', 'os-server-state-lock'),
    ('openstack.cli.extension', 'lockstatus'),
    ('openstack.lockstatus.v2', 'hypervisor_status_list'),
    ('openstack.lockstatus.v2', 'lock_list'),
    ('openstack.lockstatus.v2', 'lock_set'),
    ('openstack.lockstatus.v2', 'lock_show'),
    ('openstack.lockstatus.v2', 'lock_unset'),
    ('openstack.lockstatus.v2', 'server_host_status'),
    ('oslo.config.opts', 'nova_lockstatus'),
    ('oslo.policy.enforcer', 'nova_lockstatus'),
    ('oslo.policy.policies', 'nova_lockstatus'),
}

# Which Nova itself asks for the same key.
NOVAS_RULES = {
    'os_compute_api:servers:show:host_status',
    'os_compute_api:servers:show:host_status:unknown-only',
}


def aliases():
    return sorted(point.name for point in metadata.distribution(
        'nova-lockstatus').entry_points.select(group=loader.NAMESPACE))


class EntryPointsTestCase(testtools.TestCase):

    def test_exactly_these_and_each_loads(self):
        points = metadata.distribution('nova-lockstatus').entry_points
        self.assertEqual(ENTRY_POINTS,
                         {(point.group, point.name) for point in points})
        for point in points:
            loaded = point.load()
            # The OpenStackClient wants a module, all others something to call.
            self.assertTrue(
                callable(loaded) or (inspect.ismodule(loaded)
                                     and callable(loaded.make_client)), point)


class OneNounOneNameTestCase(testtools.TestCase):
    """Each alias is found under one name in every layer."""

    def test_each_alias_has_its_files(self):
        self.assertNotEqual([], aliases())
        for alias in aliases():
            noun = alias.removeprefix('os-').replace('-', '_')
            for path in (
                    PACKAGE / 'extensions' / (noun + '.py'),
                    PACKAGE / 'policies' / (noun + '.py'),
                    TOP / 'doc' / 'source' / 'api-ref' / (alias + '.rst')):
                self.assertTrue(path.is_file(), path)
            gabbits = PACKAGE / 'tests' / 'functional' / 'api' / 'gabbits'
            self.assertEqual(
                1, len(list(gabbits.glob('every-*api/%s.yaml' % alias))),
                alias)

    def test_each_extension_brings_the_rules_of_its_module(self):
        brought = [rule.name
                   for extension in loader.load_extensions(aliases())
                   for rule in extension.policies]
        self.assertEqual([rule.name for rule in policies.list_rules()],
                         brought)

    def test_each_field_asks_a_rule_of_its_own_extension(self):
        for extension in loader.load_extensions(aliases()):
            names = {rule.name for rule in extension.policies}
            for rule in (rule for field in extension.fields
                         for rule in field.rules):
                if rule not in NOVAS_RULES:
                    self.assertIn(rule, names)
                    self.assertTrue(rule.startswith(
                        'os_compute_api:%s:' % extension.alias))


class DocumentationTestCase(testtools.TestCase):

    def test_each_program_has_a_manual_page(self):
        tree = ast.parse((TOP / 'doc' / 'source' / 'conf.py').read_text())
        pages, = (ast.literal_eval(node.value) for node in tree.body
                  if isinstance(node, ast.Assign)
                  and ast.unparse(node.targets[0]) == 'man_pages')
        self.assertEqual(
            set(), {name for group, name in ENTRY_POINTS
                    if group == 'console_scripts'}
            - {page[1] for page in pages})

    def test_each_environment_of_tox_is_named(self):
        tox = configparser.ConfigParser(interpolation=None)
        tox.read(TOP / 'tox.ini')
        text = (TOP / 'CONTRIBUTING.rst').read_text()
        # Those with a release in their name go by their example.
        names = [section.removeprefix('testenv:').partition('{')[0]
                 for section in tox if section.startswith('testenv:')]
        self.assertIn('functional-nova', names)
        self.assertEqual([], [
            name for name in names
            if '``%s``' % name not in text and 'tox -e ' + name not in text])


def imported(path):
    """Return the packages that a module cannot be imported without."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return {name.split('.')[0] for name in names}


class PackagingTestCase(testtools.TestCase):

    def test_what_is_imported_is_required(self):
        """Where Nova is not: what comes with that is Nova's."""
        required = {re.split('[<>=]', line)[0].lower() for line in
                    (TOP / 'requirements.txt').read_text().splitlines()}
        distributions = metadata.packages_distributions()
        for path in PACKAGE.rglob('*.py'):
            # The tests have their own requirements, and osc is an extra.
            if path.relative_to(PACKAGE).parts[0] in (
                    'embedded', 'osc', 'tests'):
                continue
            names = imported(path)
            if 'nova' in names:
                continue
            for name in names - sys.stdlib_module_names - {
                    'nova_lockstatus', 'prometheus_client'}:
                self.assertIn(
                    distributions[name][0].lower().replace('_', '.'),
                    required, path)

    def test_nova_is_no_dependency_of_the_wheel(self):
        required = [line.split('>')[0].lower() for line in
                    (TOP / 'requirements.txt').read_text().splitlines()
                    if line and not line.startswith('#')]
        self.assertNotIn('nova', required)
        setup = configparser.ConfigParser()
        setup.read(TOP / 'setup.cfg')
        self.assertIn('nova>=', setup['extras']['nova'])

    def test_the_metrics_are_no_dependency_of_the_wheel(self):
        required = (TOP / 'requirements.txt').read_text()
        self.assertNotIn('prometheus', required)
        setup = configparser.ConfigParser()
        setup.read(TOP / 'setup.cfg')
        self.assertIn('prometheus_client>=', setup['extras']['metrics'])

    def test_the_client_is_no_dependency_of_the_wheel(self):
        required = (TOP / 'requirements.txt').read_text()
        setup = configparser.ConfigParser()
        setup.read(TOP / 'setup.cfg')
        for name in ('python-openstackclient', 'rich'):
            self.assertNotIn(name, required)
            self.assertIn(name + '>=', setup['extras']['osc'])
