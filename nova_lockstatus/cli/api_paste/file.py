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

"""Finds, reads and replaces the api-paste.ini of an installation."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.cli import config_files

_PUBLIC = 0o644


def find(environ: Mapping[str, str], folder: str = config_files.FOLDER,
         arguments: Sequence[str] = ()) -> str:
    """Find the file that nova-api reads.

    :param environ: the environment, in which nova-api's own variables count
    :param folder: where Nova's files are if no variable says so
    :param arguments: the arguments of the script nova-api that name its
        nova.conf
    :returns: the path of a file that exists
    :raises PasteFileNotFound: when there is none, or two, of which one or the
        other is read depending on how nova-api is run
    """
    # NOTE: nova/api/openstack/wsgi_app.py: what a WSGI server runs does not
    # read [wsgi]api_paste_config, but the first of these files.
    paths = [config_files.of_application(environ, folder)[0]]
    if not config_files.names_files(environ):
        paths.append(_of_script(arguments))
    found = {os.path.realpath(path): path for path in reversed(paths)
             if path and os.path.exists(path)}
    if not found:
        raise exception.PasteFileNotFound(
            problem='There is no %s' % ' and no '.join(
                dict.fromkeys(path for path in paths if path)))
    if len(found) > 1:
        raise exception.PasteFileNotFound(
            problem='nova-api reads %s under a WSGI server, and %s if it is '
            'the script nova-api' % tuple(paths))
    return next(iter(found.values()))


def _of_script(arguments: Sequence[str]) -> str:
    """Return what [wsgi]api_paste_config leads to, or '' if to nothing."""
    # NOTE: as nova/api/wsgi.py: Loader. Nova itself need not be installed.
    conf = cfg.ConfigOpts()
    conf.register_opt(cfg.StrOpt(
        'api_paste_config', default=config_files.PASTE,
        deprecated_group='DEFAULT'), group='wsgi')
    try:
        conf(list(arguments), project='nova', prog=config_files.SCRIPT)
        path: str = conf.wsgi.api_paste_config
        return path if os.path.isabs(path) else conf.find_file(path) or ''
    except (cfg.Error, OSError) as error:
        raise exception.PasteFileNotFound(
            problem='nova.conf cannot be read (%s)' % _one_line(error)
        ) from error


def read(path: str) -> str:
    """Read a file as nova-api does, but keep the line ends.

    :raises PasteFileUnreadable: when it is no such file, or cannot be read
    """
    try:
        with open(path, encoding='utf-8', newline='',
                  opener=_open_nonblocking) as source:
            if stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                return source.read()
        raise exception.PasteFileUnreadable(
            path=path, reason='it is no regular file')
    except UnicodeDecodeError as error:
        raise exception.PasteFileUnreadable(
            path=path, reason='it is not in UTF-8, see byte %d; nova-api '
            'could not read it either' % error.start) from error
    except OSError as error:
        raise exception.PasteFileUnreadable(
            path=path, reason=error.strerror) from error


def _open_nonblocking(path: str, flags: int) -> int:
    # A pipe would wait for a program that writes into it.
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def replace(path: str, expected: str, text: str, backup: str | None) -> None:
    """Replace the text of a file in one step, or leave it as it is.

    :param path: the file; if it is a symbolic link, what it leads to
    :param expected: the text that it must have
    :param text: the text that it shall have
    :param backup: the file that gets the old text, if any
    :raises PasteFileUnwritable: when that cannot be done
    """
    target = os.path.realpath(path)
    try:
        if read(target) != expected:
            raise exception.PasteFileUnwritable(
                path=path, reason='somebody else has changed it meanwhile, '
                'run the command again')
        if backup is not None:
            write(backup, expected, target)
        write(target, text, target)
    except OSError as error:
        raise exception.PasteFileUnwritable(
            path=path, reason=_one_line(error)) from error


def write(path: str, text: str, model: str | None) -> None:
    """Write a file in one step.

    :param path: the file
    :param text: the text that it shall have
    :param model: the file whose owner, mode and attributes it gets; None: it
        is the user's who runs this, and everybody may read it
    :raises OSError: when that cannot be done
    """
    folder = os.path.dirname(path)
    handle, temporary = tempfile.mkstemp(
        prefix='.%s.' % os.path.basename(path), dir=folder)
    try:
        with os.fdopen(handle, 'w', encoding='utf-8', newline='') as target:
            target.write(text)
            target.flush()
            _be_like(model, handle)
            os.fsync(handle)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _be_like(model: str | None, handle: int) -> None:
    if model is None:
        os.fchmod(handle, _PUBLIC)
        return
    found = os.stat(model)
    _keep_owner(handle, found)
    os.fchmod(handle, stat.S_IMODE(found.st_mode))
    _copy_attributes(model, handle)


def _keep_owner(handle: int, found: os.stat_result) -> None:
    try:
        os.fchown(handle, found.st_uid, found.st_gid)
    except PermissionError as error:
        raise PermissionError(
            error.errno, 'its owner could not be kept, run it as root'
        ) from error


def _copy_attributes(model: str, handle: int) -> None:
    # NOTE: access control lists and the context of SELinux are among them.
    # What the file system has given the new file already need not be set.
    try:
        names = os.listxattr(model)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return
        raise
    for name in names:
        value = os.getxattr(model, name)
        if name not in os.listxattr(handle) or os.getxattr(
                handle, name) != value:
            os.setxattr(handle, name, value)


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
