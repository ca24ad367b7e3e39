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

"""Reads Nova's configuration for a command that ends soon."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus import exception
from nova_lockstatus.cli import config_files
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

LIBRARIES = ('alembic', 'nova', 'oslo_config', 'oslo_db', 'oslo_policy',
             'oslo_service')
"""The loggers of libraries that write much."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that name configuration files."""
    parser.add_argument(
        '--config-file', metavar='<file>', action='append', default=[],
        help='A nova.conf to read. Can be given several times. Default: those '
        'that nova-api reads, such as /etc/nova/nova.conf.')
    parser.add_argument(
        '--config-dir', metavar='<directory>', action='append', default=[],
        help='A directory with files to read after these, those that end in '
        '.conf. Can be given several times.')


def require() -> None:
    """Check that Nova is installed here, without its configuration.

    :raises NovaNotUsable: when it is not
    """
    try:
        importlib.import_module('nova')
    except ImportError as error:
        raise exception.NovaNotUsable(reason=one_line(error)) from error


def register() -> Any:
    """Register Nova's options and the plugin's without reading a file.

    :raises NovaNotUsable: when Nova is not installed here
    """
    try:
        _choose_threads()
        import nova.conf
    except ImportError as error:
        raise exception.NovaNotUsable(reason=one_line(error)) from error
    lockstatus_conf.register_opts(nova.conf.CONF)
    return nova.conf.CONF


def load(files: Sequence[str], directories: Sequence[str]) -> Any:
    """Read Nova's configuration, and connect its databases.

    Neither the databases nor the message broker are contacted yet.

    :param files: the paths of files, by default those that nova-api reads
    :param directories: the paths of directories with files, by default those
        that nova-api reads
    :raises NovaNotUsable: when Nova is not installed here
    :raises ConfigurationUnreadable: when a file is not there or wrong
    """
    conf = register()
    from nova import config
    default = config_files.of_nova_api(os.environ)
    named = config_files.ConfigFiles(files or default.files,
                                     directories or default.directories)
    try:
        config.parse_args(['nova-lockstatus', *named.arguments()])
    except (cfg.Error, OSError) as error:
        raise unreadable(error, bool(files or directories)) from error
    if not (named.files or named.directories):
        LOG.warning('No nova.conf was found, the defaults of all options are '
                    'in force: %s.', config_files.ADVICE)
    return conf


def unreadable(error: Exception, is_named: bool
               ) -> exception.ConfigurationUnreadable:
    """Make the exception that says why the configuration is not read.

    :param is_named: whether the command line names the files
    """
    reason = one_line(error)
    if not is_named:
        reason += '; ' + config_files.ADVICE
    return exception.ConfigurationUnreadable(reason=reason)


def _choose_threads() -> None:
    # NOTE: native ones, before anything else of Nova is imported. Up to
    # release 30 that is what the module does when it is imported, and later
    # what its function does; the variable tells both.
    os.environ['OS_NOVA_DISABLE_EVENTLET_PATCHING'] = 'true'
    # Releases 32 and 33 warn there of services that run so. This is none.
    logging.getLogger('nova.monkey_patch').setLevel(logging.ERROR)
    module = importlib.import_module('nova.monkey_patch')
    if hasattr(module, 'patch'):
        module.patch()


def silence_libraries(verbose: bool) -> None:
    """Keep the log lines of libraries from the terminal.

    The command itself reports a failure in one line.

    :param verbose: whether to show them all the same
    """
    if not verbose:
        for name in LIBRARIES:
            logging.getLogger(name).setLevel(logging.CRITICAL)


def one_line(error: BaseException) -> str:
    """Make one line of the text of an error.

    :returns: the text without a full stop, and without the statement and the
        link that a database's driver adds
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = lines[0] if lines[0].startswith('(') else ' '.join(lines)
    return ' '.join(text.split()).rstrip('.')


def discard_output() -> None:
    """Discard further output, when a reader such as ``head`` has gone.

    Otherwise Python fails as it flushes the output at its end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
