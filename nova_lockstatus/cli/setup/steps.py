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

"""What is to be changed on this machine."""

from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Mapping

from oslo_config import cfg
from oslo_policy import generator

from nova_lockstatus import exception
from nova_lockstatus.cli import enable
from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.cli.api_paste import file as paste_file
from nova_lockstatus.cli.setup import file_change
from nova_lockstatus.cli.setup import own_config
from nova_lockstatus.cli.setup import places as setup_places
from nova_lockstatus.cli.setup.file_change import FileChange
from nova_lockstatus.cli.setup.places import Places

BACKUP = '.bak-lockstatus-setup'

_UNIT = pathlib.Path(__file__).with_name(setup_places.WATCH + '.service')


def put_filter(path: str | None, places: Places, environ: Mapping[str, str]
               ) -> FileChange:
    """Put the filter into api-paste.ini.

    :param path: the path of the file, None: the one of nova-api
    :param places: where the files are
    :param environ: the environment that nova-api has
    """
    if path is None and not places.is_default:
        environ = {**environ, 'OS_NOVA_CONFIG_DIR': places.nova}
    path = path or paste_file.find(environ, places.nova)
    before = paste_file.read(path)
    return FileChange(
        path, before, paste_edit.enable(before, path),
        enable.backup_path(os.path.realpath(path), before))


def name_database(connection: str, places: Places) -> FileChange:
    """Name the database of the plugin.

    :param connection: its URL
    :param places: where the files are
    :raises FileUnwritable: when it would not be in force
    """
    path = places.own_config
    before = file_change.read(path)
    if own_config.is_named(connection, places):
        return FileChange(path, before, before or '')
    after = own_config.with_connection(before, connection, path)
    if after == before:
        raise exception.FileUnwritable(
            path=path, reason='it names this database already, and another '
            'file in %s names another one' % places.config_dir)
    return FileChange(path, before, after, path + BACKUP, places.nova_conf,
                      is_secret=True)


def write_policy_sample(places: Places) -> FileChange:
    """Write the sample of the rules of the plugin.

    :param places: where the files are
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'sample')
        generator.generate_sample(
            ['--namespace', 'nova_lockstatus', '--output-file', path],
            conf=cfg.ConfigOpts())
        text = pathlib.Path(path).read_text(encoding='utf-8')
    path = places.policy_sample
    return FileChange(path, file_change.read(path), text, path + BACKUP,
                      places.nova_conf)


def write_unit(places: Places) -> FileChange:
    """Write the unit of nova-lockstatus-watch.

    A unit that is there stays as it is: somebody may have edited it.

    :param places: where the files are
    """
    before = file_change.read(places.unit)
    if before is not None:
        return FileChange(places.unit, before, before)
    return FileChange(places.unit, None, _UNIT.read_text(
        encoding='utf-8').replace(
            'ExecStart=/usr/bin/%s --config-file /etc/nova/nova.conf'
            % setup_places.WATCH, 'ExecStart=' + ' '.join(
                [setup_places.find_watch(), *places.arguments()])))
