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

"""Where the files are that are set up."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from collections.abc import Mapping

from nova_lockstatus.cli import config_files

WATCH = 'nova-lockstatus-watch'

UNITS = '/etc/systemd/system'


@dataclasses.dataclass(frozen=True)
class Places:
    """The folders of an installation.

    :param nova: the folder with nova.conf
    :param units: the folder with the units of systemd
    """

    nova: str
    units: str = UNITS

    @property
    def nova_conf(self) -> str:
        """Return the path of nova.conf."""
        return os.path.join(self.nova, 'nova.conf')

    @property
    def config_dir(self) -> str:
        """Return the folder that oslo.config reads after nova.conf."""
        return os.path.join(self.nova, 'nova.conf.d')

    @property
    def own_config(self) -> str:
        """Return the path of the file with the options of the plugin."""
        return os.path.join(self.config_dir, 'lockstatus.conf')

    @property
    def policy_sample(self) -> str:
        """Return the path of the sample of the rules."""
        return os.path.join(self.nova, 'lockstatus-policy.yaml.sample')

    @property
    def unit(self) -> str:
        """Return the path of the unit of nova-lockstatus-watch."""
        return os.path.join(self.units, WATCH + '.service')

    @property
    def is_default(self) -> bool:
        """Tell whether oslo.config finds the folder by itself."""
        return os.path.realpath(self.nova) == os.path.realpath(
            config_files.FOLDER)

    def arguments(self) -> list[str]:
        """Return the arguments of a program that reads all files."""
        arguments = ['--config-file', self.nova_conf]
        return arguments if self.is_default else [
            *arguments, '--config-dir', self.config_dir]


def find(environ: Mapping[str, str], nova: str | None, units: str) -> Places:
    """Find the folders.

    :param environ: the environment that nova-api has
    :param nova: the folder with nova.conf, None: that of nova-api
    :param units: the folder with the units of systemd
    """
    return Places(os.path.abspath(
        nova or environ.get('OS_NOVA_CONFIG_DIR', config_files.FOLDER)),
        os.path.abspath(units))


def find_watch() -> str:
    """Return the path of the program nova-lockstatus-watch."""
    beside = os.path.join(os.path.dirname(sys.executable), WATCH)
    return beside if os.path.exists(beside) else (
        shutil.which(WATCH) or beside)
