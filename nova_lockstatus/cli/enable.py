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

"""``nova-lockstatus enable`` and ``disable``."""

import argparse
import os

from cliff import command

from nova_lockstatus.cli import confirm
from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.cli.api_paste import file as paste_file
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)


class _Edit(command.Command):
    """Shows the change, asks for a confirmation and replaces the file."""

    _unchanged: str
    """The state of a file that needs no change."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            '--api-paste', metavar='<file>',
            help='The api-paste.ini to change. Default: the one that nova-api '
            'reads, by its environment and nova.conf.')
        parser.add_argument(
            '--dry-run', action='store_true',
            help='Show what would change, and change nothing.')
        parser.add_argument('--yes', action='store_true', help='Ask nothing.')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        path = parsed_args.api_paste or paste_file.find(os.environ)
        before = paste_file.read(path)
        after = self._edit(before, path)
        if after == before:
            LOG.info('%s: nothing to change, %s.', path, self._unchanged)
            return 0
        confirm.show(self.app, confirm.difference(path, before, after))
        if parsed_args.dry_run:
            LOG.info('%s is not changed, this is a dry run.', path)
            return 0
        if not parsed_args.yes and not confirm.ask(
                self.app, 'Change %s?' % path, path):
            LOG.info('%s is not changed.', path)
            return 1
        backup = self._backup(os.path.realpath(path), before)
        paste_file.replace(path, before, after, backup)
        LOG.info('%s is changed%s. Restart nova-api.', path,
                 ', as it was it is in %s' % backup if backup else '')
        return 0

    def _edit(self, text: str, path: str) -> str:
        raise NotImplementedError

    def _backup(self, path: str, before: str) -> str | None:
        raise NotImplementedError


class Enable(_Edit):
    """Put the filter into the pipelines of nova-api's api-paste.ini.

    All pipelines that end in the compute API get it, those of /v2.1 and of
    /v2, directly before the API. The section of the filter is added at the end
    of the file. Everything else stays as it is, byte for byte. A file that is
    not understood without a doubt is left alone.

    The difference is shown before anything is changed. The file as it was is
    kept beside it, with .bak-lockstatus-enable added to its name.
    """

    _unchanged = 'all pipelines of the compute API have the filter'

    def _edit(self, text: str, path: str) -> str:
        return paste_edit.enable(text, path)

    def _backup(self, path: str, before: str) -> str | None:
        return backup_path(path, before)


class Disable(_Edit):
    """Take the filter out of the pipelines of nova-api's api-paste.ini.

    This is the inverse of enable, and gives back the very file that was there
    before. A section of the filter to which options were added is kept: it
    does nothing when no pipeline names it.

    The difference is shown before anything is changed. The file as it was is
    kept beside it, with .bak-lockstatus-disable added to its name.
    """

    _unchanged = 'no pipeline has the filter'

    def _edit(self, text: str, path: str) -> str:
        edited = paste_edit.disable(text, path)
        for section in paste_edit.remaining(edited):
            LOG.info('%s: the section [%s] is kept, no pipeline names it.',
                     path, section)
        return edited

    def _backup(self, path: str, before: str) -> str | None:
        return path + '.bak-lockstatus-disable'


def backup_path(path: str, before: str) -> str | None:
    """Return where enable keeps the file as it was.

    :param path: the path of the api-paste.ini
    :param before: what it has
    :returns: the path; None where the copy that is there is to be kept
    """
    backup = path + '.bak-lockstatus-enable'
    # A file that has the filter in part is not what to go back to.
    if os.path.exists(backup) and paste_edit.remaining(before):
        return None
    return backup
