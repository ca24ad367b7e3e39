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

import testtools

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

# Required, but imported by no module, each with the reason.
NOT_IMPORTED = {
    'pbr': 'makes the version and the metadata of the wheel',
    'python-openstackclient': 'has the program that loads osc',
}

# The extra that has what a package, or one module, imports beyond
# requirements.txt.
EXTRAS = {
    'dashboard': 'dashboard',
    # Imported by the demo's Horizon alone.
    'embedded.horizon_settings': 'dashboard',
    'osc': 'osc',
    # Does without the library where it is not installed.
    'utils.terminal': 'osc',
    'core.response_validation': 'speedups',
    'watch.prometheus_metrics': 'metrics',
    'cli.watch': 'metrics',
}


def normal(project):
    return re.sub('[-_.]+', '-', project).lower()


def names(lines):
    """Return the projects that requirements name, and that comments do.

    :param lines: the lines of a requirements file
    :returns: those to install, and those that a comment says come with Nova
    """
    required, with_nova = set(), set()
    for line in lines:
        if line.startswith('# Comes with Nova:'):
            with_nova.update(map(normal, line.partition(':')[2].split()))
        elif line.strip() and not line.startswith('#'):
            required.add(normal(re.split('[<>=!~;# ]', line)[0]))
    return required, with_nova


def read(name):
    return names((source.TOP / name).read_text().splitlines())


def read_extras():
    setup = configparser.ConfigParser()
    setup.read(source.TOP / 'setup.cfg')
    return {extra: names(text.splitlines())[0]
            for extra, text in setup['extras'].items()}


def project_of(imported):
    """Return the project that an import is of.

    :param imported: the import
    :returns: the project, None for Python's own modules and this project's
    """
    package = imported.name.partition('.')[0]
    if package in sys.stdlib_module_names or package == source.OWN:
        return None
    return normal(PROJECTS.get(package, package))


def extra_of(module):
    floor = source.innermost(module.short, EXTRAS)
    return None if floor is None else EXTRAS[floor]


def imported_projects(modules):
    return {project for module in modules for imported in module.imports
            if (project := project_of(imported))}


class RequirementsTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.required, self.with_nova = read('requirements.txt')
        self.extras = read_extras()

    def test_what_is_imported_is_required(self):
        wrong = []
        for module in source.production():
            if source.is_within(module.short, 'embedded'):
                continue
            extra = extra_of(module)
            there = self.required | self.extras.get(extra, set())
            if extra not in ('dashboard', 'osc'):
                there |= self.extras['nova'] | self.with_nova
            wrong += ['%s imports %s' % (module.at(imported.line),
                                         imported.name)
                      for imported in module.imports
                      if (project := project_of(imported))
                      and project not in there]
        self.assertEqual([], wrong, '\n'.join(wrong))

    def test_what_is_required_is_imported(self):
        required = self.required | self.with_nova | set().union(
            *self.extras.values())
        self.assertEqual(set(NOT_IMPORTED), required - imported_projects(
            module for module in source.production()
            if not source.is_within(module.short, 'embedded')))

    def test_each_extra_is_imported_by_those_that_it_is_for(self):
        for extra in set(EXTRAS.values()):
            imported = imported_projects(
                module for module in source.production()
                if extra_of(module) == extra)
            self.assertEqual(
                set(), self.extras[extra] - imported - set(NOT_IMPORTED))

    def test_the_tests_have_what_the_embedded_nova_imports(self):
        there = (self.required | self.extras['nova']
                 | read('test-requirements.txt')[0])
        self.assertEqual(set(), imported_projects(
            module for module in source.production()
            if source.is_within(module.short, 'embedded')
            and extra_of(module) is None) - there)

    def test_the_tests_have_what_the_extras_have(self):
        self.assertEqual(set(), set().union(*self.extras.values()) - {'nova'}
                         - read('test-requirements.txt')[0]
                         - read('dashboard-requirements.txt')[0]
                         - self.required)

    def test_what_only_some_need_is_no_dependency_of_the_wheel(self):
        self.assertEqual(set(), self.required & set().union(
            *self.extras.values()))
        self.assertEqual({'dashboard', 'nova', 'metrics', 'osc', 'speedups'},
                         set(self.extras))
        self.assertIn('nova', self.extras['nova'])
        self.assertIn('prometheus-client', self.extras['metrics'])
        self.assertEqual({'jsonschema-rs'}, self.extras['speedups'])
        self.assertLessEqual({'python-openstackclient', 'rich'},
                             self.extras['osc'])
