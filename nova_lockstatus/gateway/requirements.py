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

"""Checks that the installed Nova has all that the plugin relies on."""

import importlib
from collections.abc import Iterable
from typing import Any

from nova_lockstatus import exception
from nova_lockstatus.core import releases
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)


def resolve(target: str) -> Any:
    """Find an object in Nova.

    :param target: a module, and after a colon a name in it, dotted
    :raises HookMismatch: when there is no such object
    """
    module, _, name = target.partition(':')
    try:
        found = importlib.import_module(module)
        for part in filter(None, name.split('.')):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise exception.HookMismatch(
            target=target, problem='is not there (%s)' % error) from error
    return found


def installed_release() -> tuple[str, int]:
    """Return the version of the installed Nova, and its major release."""
    found: str = resolve('nova.version:version_string')()
    return found, int(found.partition('.')[0])


def check_release() -> None:
    """Check the release of the installed Nova.

    A release that is newer than the newest tested one gets a warning.

    :raises UnsupportedNova: when the release is older than the oldest
    """
    found, major = installed_release()
    if major < releases.OLDEST:
        raise exception.UnsupportedNova(oldest=releases.OLDEST, found=found)
    if major > releases.NEWEST:
        LOG.warning('This is Nova %s, and the newest release that this '
                    'nova-lockstatus was tested with is %d.', found,
                    releases.NEWEST)


def check(targets: Iterable[str]) -> None:
    """Check that the installed Nova has what a program relies on.

    :param targets: as :func:`resolve` takes them
    :raises UnsupportedNova: when Nova is older than the plugin supports
    :raises HookMismatch: when one of the targets is not there
    """
    check_release()
    for target in targets:
        resolve(target)
