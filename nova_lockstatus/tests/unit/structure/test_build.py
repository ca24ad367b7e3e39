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

"""What is built of the source has its version and its files without git."""

import configparser
import email
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

import fixtures
import testtools
from packaging import requirements

from nova_lockstatus.tests.fixtures import repository
from nova_lockstatus.tests.unit.structure import source

# Builds in the working directory, as pip and build do.
BUILD = 'from pbr import build; build.build_%s(%r)'


def read_setup():
    setup = configparser.RawConfigParser()
    setup.read(repository.TOP / 'setup.cfg')
    return setup


def files_below(top, folder):
    return {str(path.relative_to(top)) for path in (top / folder).rglob('*')
            if path.is_file()}


class BuildTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path).resolve()
        self.tree = self.folder / 'tree'
        repository.copy_source(self.tree)
        self.version = read_setup()['metadata']['version']

    def build(self, kind, tree, **variables):
        """Build a package of a tree that is in no repository of git.

        :param kind: ``sdist`` or ``wheel``
        :param tree: the tree
        :param variables: further environment variables
        :returns: the path of the package
        """
        out = self.folder / ('%s-%s' % (kind, tree.name))
        environment = {name: value for name, value in os.environ.items()
                       if name not in ('OSLO_PACKAGE_VERSION', 'PBR_VERSION',
                                       'PYTHONPATH')}
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', BUILD % (kind, str(out))],
            cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env={**environment, **variables,
                            'GIT_CEILING_DIRECTORIES': str(self.folder)})
        self.assertEqual(0, done.returncode, done.stdout)
        built, = out.iterdir()
        return built

    def test_the_sdist_builds_the_wheel_of_the_tree(self):
        sdist = self.build('sdist', self.tree)
        name = 'nova_lockstatus-' + self.version
        self.assertEqual(name + '.tar.gz', sdist.name)
        with tarfile.open(sdist) as archive:
            archive.extractall(self.folder / 'unpacked', filter='data')
        unpacked = self.folder / 'unpacked' / name
        for folder in ('nova_lockstatus', source.TEMPEST_PLUGIN, 'doc', 'etc',
                       'releasenotes', 'constraints', 'contrib', 'devstack',
                       'tools'):
            self.assertEqual(files_below(self.tree, folder),
                             files_below(unpacked, folder))
        for path in self.tree.iterdir():
            self.assertTrue(path.name == '.gitignore'
                            or (unpacked / path.name).exists(), path.name)

        wheel = self.build('wheel', unpacked)
        self.assertEqual(name + '-py3-none-any.whl', wheel.name)
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            metadata = email.message_from_bytes(
                archive.read(name + '.dist-info/METADATA'))
        self.assertEqual(
            files_below(self.tree, 'nova_lockstatus')
            - files_below(self.tree, 'nova_lockstatus/tests'),
            {name for name in names if name.startswith('nova_lockstatus/')})
        self.assertEqual(
            files_below(self.tree, source.TEMPEST_PLUGIN),
            {name for name in names
             if name.startswith(source.TEMPEST_PLUGIN + '/')})
        self.assertEqual(
            {path.name for path in (self.tree / 'etc').rglob('*.*')},
            {name.rpartition('/')[2] for name in names if '/etc/' in name})
        self.assertEqual(self.version, metadata['Version'])
        self.assertEqual([], [
            line for line in metadata.get_all('Requires-Dist')
            if requirements.Requirement(line).marker is None])

    def test_another_version_can_be_given(self):
        sdist = self.build('sdist', self.tree, PBR_VERSION='1.0.0+local.1')
        self.assertEqual('nova_lockstatus-1.0.0+local.1.tar.gz', sdist.name)


class ReleaseTestCase(testtools.TestCase):

    def test_the_changelog_has_the_version(self):
        found = re.findall(r'(?m)^(\d\S*)\n=+$',
                           (repository.TOP / 'CHANGELOG.rst').read_text())
        self.assertEqual(read_setup()['metadata']['version'], found[0])
