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

"""Reads and edits the file with the options of the plugin."""

from __future__ import annotations

import os
import tempfile

from oslo_config import cfg

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus import exception
from nova_lockstatus.cli import nova_config
from nova_lockstatus.cli.api_paste import ini_text
from nova_lockstatus.cli.setup.places import Places
from nova_lockstatus.db import store_url

_HEAD = '# Made by "nova-lockstatus setup".\n'


def read(places: Places) -> cfg.ConfigOpts:
    """Read the options of the plugin that are in force.

    :param places: where the files are
    :raises ConfigurationUnreadable: when nova.conf is not there, or wrong
    """
    arguments = ['--config-file', places.nova_conf]
    if os.path.isdir(places.config_dir):
        arguments += ['--config-dir', places.config_dir]
    return _parse(arguments)


def is_named(connection: str, places: Places) -> bool:
    """Tell whether a database is the one that is in force.

    :param connection: its URL
    :param places: where the files are
    """
    try:
        return store_url.read(read(places)) == connection
    except (exception.StoreNotConfigured, exception.StoreUrlInvalid):
        return False


def of_connection(connection: str) -> cfg.ConfigOpts:
    """Make the options of the plugin with a database.

    :param connection: its URL
    """
    conf = _parse([])
    conf.set_override('connection', _escape(connection), 'lockstatus')
    return conf


def with_connection(text: str | None, connection: str, path: str) -> str:
    """Name a database in the file, and leave the rest of it as it is.

    :param text: what the file has, None: it is not there
    :param connection: the URL of the database
    :param path: the path of the file
    :returns: what it shall have
    :raises FileUnwritable: when it would not be read as intended
    """
    line = 'connection = ' + _escape(connection)
    section = ini_text.scan(text or '').get('lockstatus')
    if section is None:
        edited = (_HEAD if text is None else _ended(text)) + (
            '[lockstatus]\n%s\n' % line)
    else:
        assert text is not None
        edited = _edit(text, section, line)
    _check(edited, connection, path)
    return edited


def _escape(connection: str) -> str:
    # A dollar sign begins the name of an option.
    return connection.replace('$', '$$')


def _ended(text: str) -> str:
    return text.rstrip('\n') + '\n\n' if text.strip() else text


def _edit(text: str, section: ini_text.Section, line: str) -> str:
    option = section.options.get('connection')
    if option is None:
        end = text.find('\n', section.start) + 1
        head = text[:end] if end else text + '\n'
        return head + line + '\n' + (text[end:] if end else '')
    end = option.end
    start = text.rfind('connection', section.start,
                       option.words[0].start if option.words else end)
    return text[:start] + line + '\n' + text[end:]


def _check(text: str, connection: str, path: str) -> None:
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as edited:
        edited.write(text)
        edited.flush()
        try:
            found = _parse(['--config-file', edited.name])
            is_right = store_url.read(found) == connection
        except exception.LockStatusException:
            is_right = False
    if not is_right:
        raise exception.FileUnwritable(
            path=path, reason='[lockstatus]connection in it is not '
            'understood, write it by hand')


def _parse(arguments: list[str]) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    lockstatus_conf.register_opts(conf)
    try:
        conf(arguments, project='nova', prog='nova-lockstatus',
             default_config_files=[], default_config_dirs=[])
    except (cfg.Error, OSError) as error:
        raise nova_config.unreadable(error, True) from error
    return conf
