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

"""What is imported is required, and what is required is imported."""

import configparser
import re
import sys
from importlib import metadata

import testtools
from packaging import requirements

from nova_lockstatus.tests.unit.structure import source

# The project that has a package, where its name is another one.
PROJECTS = {
    'django': 'horizon',
    'openstack': 'openstacksdk',
    'openstack_auth': 'horizon',
    'openstack_dashboard': 'horizon',
    'osc_lib': 'osc-lib',
    'placement': 'openstack-placement',
    'prometheus_client': 'prometheus_client',
    'yaml': 'PyYAML',
}

# Imported by modules that import Nova too, which brings it along.
WITH_NOVA = {'oslo-messaging'}

# Required, but imported by no module, each with the reason.
NOT_IMPORTED = {
    'python-openstackclient': 'has the program that loads osc',
}

# The extra that has what a package, or one module, imports. All others import
# what is in the extra "server".
EXTRAS = {
    'dashboard': 'dashboard',
    # Imported by the demo's Horizon alone.
    'embedded.horizon_settings': 'dashboard',
    'osc': 'osc',
    # Does without the library where it is not installed.
    'utils.terminal': 'progress',
    'core.response_validation': 'speedups',
    'watch.prometheus_metrics': 'metrics',
    'cli.watch': 'metrics',
}

# The releases of Nova whose constraints are checked here. "tox -e install"
# installs the package beside these, but for the first, which is the oldest.
FROZEN = (26, 27, 31, 34)


def normal(project):
    return re.sub('[-_.]+', '-', project).lower()


def read_ini(name):
    config = configparser.RawConfigParser()
    config.read(source.TOP / name)
    return config


def read_extras():
    """Return the requirements of each extra, by the name of the project."""
    return {extra: required(text.splitlines())
            for extra, text in read_ini('setup.cfg')['extras'].items()}


def required(lines):
    found = [requirements.Requirement(line.partition('#')[0])
             for line in lines if line.partition('#')[0].strip()]
    return {normal(requirement.name): requirement for requirement in found}


def read(name):
    return required((source.TOP / name).read_text().splitlines())


def project_of(imported):
    """Return the project that an import is of.

    :param imported: the import
    :returns: the project, None for Python's own modules and this project's
    """
    package = imported.name.partition('.')[0]
    if package in sys.stdlib_module_names or package in (
            source.OWN, source.TEMPEST_PLUGIN):
        return None
    return normal(PROJECTS.get(package, package))


def extra_of(module):
    floor = source.innermost(module.short, EXTRAS)
    return None if floor is None else EXTRAS[floor]


def imported_projects(modules):
    return {project for module in modules for imported in module.imports
            if (project := project_of(imported))}


def brought_along(project):
    """Return the installed projects that a project requires, and they in turn.

    :param project: the project
    """
    found, left = set(), [project]
    while left:
        for line in metadata.requires(left.pop()) or ():
            requirement = requirements.Requirement(line)
            name = normal(requirement.name)
            if name not in found and (
                    requirement.marker is None
                    or requirement.marker.evaluate({'extra': ''})):
                found.add(name)
                left.append(name)
    return found


class RequirementsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.extras = read_extras()
        self.server = set(self.extras['server'])

    def test_what_is_imported_is_required(self):
        wrong = []
        for module in source.production():
            if source.is_within(module.short, 'embedded'):
                continue
            extra = extra_of(module)
            there = set(self.extras[extra] if extra else ())
            if extra not in ('dashboard', 'osc'):
                there |= self.server | set(self.extras['nova']) | WITH_NOVA
            wrong += ['%s imports %s' % (module.at(imported.line),
                                         imported.name)
                      for imported in module.imports
                      if (project := project_of(imported))
                      and project not in there]
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_what_is_required_is_imported(self):
        self.assertEqual(
            set(NOT_IMPORTED),
            WITH_NOVA.union(*self.extras.values()) - imported_projects(
                module for module in source.production()
                if not source.is_within(module.short, 'embedded'))
            - imported_projects(source.tempest_plugin()))

    def test_the_plugin_for_tempest_imports_what_its_extra_has(self):
        self.assertEqual(set(self.extras['tempest']),
                         imported_projects(source.tempest_plugin()))

    def test_each_extra_is_imported_by_those_that_it_is_for(self):
        for extra in set(EXTRAS.values()):
            imported = imported_projects(
                module for module in source.production()
                if extra_of(module) == extra)
            self.assertEqual(
                set(), set(self.extras[extra]) - imported - set(NOT_IMPORTED))

    def test_the_tests_have_what_the_embedded_nova_imports(self):
        there = {*self.server, *self.extras['nova'],
                 *read('test-requirements.txt')}
        self.assertEqual(set(), imported_projects(
            module for module in source.production()
            if source.is_within(module.short, 'embedded')
            and extra_of(module) is None) - there)

    def test_the_tests_have_what_the_extras_have(self):
        self.assertEqual(set(), set().union(*self.extras.values())
                         - {'nova', *read('test-requirements.txt'),
                            *read('dashboard-requirements.txt'),
                            *read('integration-requirements.txt')}
                         - self.server)

    def test_the_package_itself_requires_nothing(self):
        # NOTE: pbr makes requirements of files with such names.
        self.assertEqual([], [path.name for path in source.TOP.glob(
            'requirements*.txt')])
        self.assertEqual({'dashboard', 'nova', 'metrics', 'osc', 'progress',
                          'server', 'speedups', 'tempest'}, set(self.extras))

    def test_nova_brings_the_server_side_along(self):
        self.assertEqual(
            set(), (self.server | WITH_NOVA) - brought_along('nova'))

    def test_the_frozen_novas_are_new_enough(self):
        for release in FROZEN:
            frozen = {name: str(pin.specifier).removeprefix('==')
                      for name, pin in read(
                          'constraints/nova-%d.txt' % release).items()}
            for extra, wanted in self.extras.items():
                wrong = ['%s is %s' % (requirement, frozen[name])
                         for name, requirement in wanted.items()
                         if name in frozen
                         and not requirement.specifier.contains(
                             frozen[name])]
                self.assertEqual([], wrong, (release, extra))
            self.assertEqual(set(), self.server - set(frozen))


class PythonTestCase(testtools.TestCase):
    """The package names the versions of Python that the tests run with."""

    def test_each_version_has_its_environments(self):
        package = read_ini('setup.cfg')['metadata']
        named = re.findall(r'(?m):: Python :: (3\.\d+)$',
                           package['classifiers'])
        factors = ','.join(name.replace('.', '') for name in named)
        tox = read_ini('tox.ini')
        for tests in ('unit', 'functional'):
            self.assertIn('testenv:%s-py{%s}' % (tests, factors), tox)
        self.assertEqual(
            ['py%s: python%s' % (name.replace('.', ''), name)
             for name in named],
            tox['testenv:unit-py{%s}' % factors]['basepython'].split('\n')[1:])
