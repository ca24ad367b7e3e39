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

"""Changes files all together, or none of them."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
from collections.abc import Sequence

from nova_lockstatus import exception
from nova_lockstatus.cli import confirm
from nova_lockstatus.cli.api_paste import file as text_file
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

# The password in a URL. An at sign in it is not written as such.
_PASSWORD = re.compile(r'(://[^:/\s]*:)\S+(?=@)')


@dataclasses.dataclass(frozen=True)
class FileChange:
    """What is to become of a file.

    :param path: its path
    :param before: the text that it has, None: it is not there
    :param after: the text that it shall have
    :param backup: where the text that it has is kept, None: nowhere
    :param model: the file whose owner and mode a new one gets, None: it
        belongs to the user who runs this, and everybody may read it
    :param is_secret: whether it has passwords
    """

    path: str
    before: str | None
    after: str
    backup: str | None = None
    model: str | None = None
    is_secret: bool = False

    def difference(self) -> str:
        """Return the difference to show, without a password."""
        before = self.before or ''
        if not self.is_secret:
            return confirm.difference(self.path, before, self.after)
        shown = confirm.difference(
            self.path, _hide(before), _hide(self.after), context=0)
        return shown or '--- %s\n+++ %s\nAnother password\n' % (
            self.path, self.path)

    @property
    def done(self) -> str:
        """Return what became of the file, for the words "the file is"."""
        if self.before is None:
            return 'made'
        return 'changed' + (', as it was it is in ' + self.backup
                            if self.backup else '')

    def check(self) -> None:
        """Check that it can be made.

        :raises FileUnwritable: when the folder cannot be written into
        """
        folder = os.path.dirname(os.path.realpath(self.path))
        if not os.path.lexists(folder):
            folder = os.path.dirname(folder)
        if not os.path.isdir(folder):
            raise exception.FileUnwritable(
                path=self.path, reason='there is no folder %s' % folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise exception.FileUnwritable(
                path=self.path, reason='the folder %s cannot be written into'
                % folder)


def _hide(text: str) -> str:
    return _PASSWORD.sub(r'\1***', text)


def read(path: str) -> str | None:
    """Read a file.

    :param path: its path
    :returns: its text, None if it is not there
    :raises PasteFileUnreadable: when it cannot be read
    """
    return text_file.read(path) if os.path.lexists(path) else None


def apply(changes: Sequence[FileChange]) -> None:
    """Make changes, each in one step, or none of them.

    :raises LockStatusException: when one cannot be made. Those before are
        taken back
    """
    done: list[_Made] = []
    try:
        for change in changes:
            done.append(_make(change))
    except BaseException:
        for made in reversed(done):
            _undo(made)
        raise


@dataclasses.dataclass(frozen=True)
class _Made:
    change: FileChange
    folder: str | None
    """The folder that was made for it."""


def _make(change: FileChange) -> _Made:
    if change.before is not None:
        text_file.replace(change.path, change.before, change.after,
                          change.backup)
        return _Made(change, None)
    folder = os.path.dirname(change.path)
    made = None
    try:
        if not os.path.isdir(folder):
            _make_folder(folder)
            made = folder
        if os.path.lexists(change.path):
            raise exception.FileUnwritable(
                path=change.path, reason='somebody else has made it meanwhile')
        text_file.write(change.path, change.after, change.model)
    except OSError as error:
        if made is not None:
            os.rmdir(made)
        raise exception.FileUnwritable(
            path=change.path, reason=error.strerror) from error
    return _Made(change, made)


def _make_folder(folder: str) -> None:
    """Make a folder with the owner and the mode of the one that it is in."""
    above = os.stat(os.path.dirname(folder))
    os.mkdir(folder)
    os.chown(folder, above.st_uid, above.st_gid)
    os.chmod(folder, stat.S_IMODE(above.st_mode))


def _undo(made: _Made) -> None:
    change = made.change
    try:
        if change.before is not None:
            text_file.replace(change.path, change.after, change.before, None)
            return
        os.unlink(change.path)
        if made.folder is not None:
            os.rmdir(made.folder)
    except (exception.LockStatusException, OSError) as error:
        LOG.error('The file %s stays changed, as it cannot be changed back: '
                  '%s', change.path, error)
