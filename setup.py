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

"""Build the package: with the version of setup.cfg, a wheel without tests."""

import configparser
import os
import pathlib

import setuptools
from setuptools.command import build_py

TESTS = 'nova_lockstatus.tests'


class BuildWithoutTests(build_py.build_py):
    """Leave out the tests, which are two thirds of what pip would install."""

    def finalize_options(self):
        super().finalize_options()
        self.packages = [package for package in self.packages
                         if not (package + '.').startswith(TESTS + '.')]

    def find_data_files(self, package, src_dir):
        tests = os.path.join(*TESTS.split('.'), '')
        return [path for path in super().find_data_files(package, src_dir)
                if not os.path.normpath(path).startswith(tests)]


class Distribution(setuptools.Distribution):
    """Build with the command above, in place of which pbr puts its own."""

    def get_command_class(self, command):
        if command == 'build_py':
            return BuildWithoutTests
        return super().get_command_class(command)


# NOTE: without this variable, pbr takes the version from tags of git, and
# fails where there is no git. Who sets it, such as a distribution, means it.
_setup = configparser.RawConfigParser()
_setup.read(pathlib.Path(__file__).with_name('setup.cfg'), encoding='utf-8')
os.environ.setdefault('PBR_VERSION', _setup['metadata']['version'])

setuptools.setup(setup_requires=['pbr>=6.1.1'], pbr=True,
                 distclass=Distribution)
