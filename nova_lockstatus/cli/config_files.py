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

"""Finds the configuration files that nova-api reads by default."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from importlib import metadata

from oslo_config import cfg

SCRIPT = 'nova-api'
FOLDER = '/etc/nova'
PASTE = 'api-paste.ini'

ADVICE = ('name the files with --config-file, or set OS_NOVA_CONFIG_DIR and '
          'OS_NOVA_CONFIG_FILES as nova-api has them')
"""What to do where they are not found."""

_VARIABLES = ('OS_NOVA_CONFIG_DIR', 'OS_NOVA_CONFIG_FILES')


@dataclasses.dataclass(frozen=True)
class ConfigFiles:
    """The configuration that oslo.config is to read.

    :param files: the paths of files
    :param directories: the paths of directories, which are read after them
    """

    files: Sequence[str]
    directories: Sequence[str]

    def arguments(self) -> list[str]:
        """Return the arguments of a program that name all of them."""
        return [argument for option, paths in (
            ('--config-file', self.files), ('--config-dir', self.directories))
            for path in paths for argument in (option, path)]


def of_nova_api(environ: Mapping[str, str], folder: str = FOLDER
                ) -> ConfigFiles:
    """Find the files of nova-api.

    :param environ: the environment that nova-api has
    :param folder: where Nova's files are if no variable says so
    :returns: the files; under a WSGI server also files that do not exist and
        that nova-api itself demands
    """
    if not names_files(environ) and _has_script():
        return ConfigFiles(cfg.find_config_files('nova', SCRIPT),
                           cfg.find_config_dirs('nova', SCRIPT))
    paste, *others = of_application(environ, folder)
    # A program that only reads the configuration needs no api-paste.ini.
    files = [paste, *others] if os.path.exists(paste) else others
    # NOTE: nova/wsgi/osapi_compute.py, since release 33. Up to release 32 the
    # directory is named like the program that serves it.
    return ConfigFiles(files,
                       cfg.find_config_dirs('nova', 'nova-api-os-compute'))


def of_watch(environ: Mapping[str, str], program: str
             ) -> list[str] | None:
    """Find the files of nova-lockstatus-watch.

    :param environ: the environment that it has
    :param program: the name of its own file, without the .conf
    :returns: the files that the variables of nova-api name, and its own beside
        them; None where they name none, for what oslo.config finds
    """
    if not names_files(environ):
        return None
    own = os.path.join(_folder(environ, FOLDER), program + '.conf')
    return [*of_nova_api(environ).files,
            *([own] if os.path.exists(own) else [])]


def of_application(environ: Mapping[str, str], folder: str = FOLDER
                   ) -> list[str]:
    """Name the files of nova-api under a WSGI server.

    :param environ: the environment that nova-api has
    :param folder: where Nova's files are if no variable says so
    :returns: the path of the api-paste.ini, and those of the other files
    """
    # NOTE: as nova/api/openstack/wsgi_app.py: _get_config_files(), in each
    # release. oslo.config reads the api-paste.ini, too.
    folder = _folder(environ, folder)
    names = environ.get('OS_NOVA_CONFIG_FILES') or '%s;nova.conf' % PASTE
    return [os.path.join(folder, name) for name in names.split(';')]


def names_files(environ: Mapping[str, str]) -> bool:
    """Tell whether an environment says where the files are.

    nova-api ignores it unless it runs under a WSGI server.

    :param environ: the environment that nova-api has
    """
    return any(name in environ for name in _VARIABLES)


def _folder(environ: Mapping[str, str], default: str) -> str:
    return environ.get('OS_NOVA_CONFIG_DIR', default).strip()


def _has_script() -> bool:
    # NOTE: up to release 31. Newer ones run under a WSGI server alone.
    return bool(metadata.entry_points(group='console_scripts', name=SCRIPT))
