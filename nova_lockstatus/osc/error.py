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

"""Errors that the OpenStackClient shows as one line."""

from typing import Any

from osc_lib import exceptions

from nova_lockstatus.utils import terminal


class CommandError(exceptions.CommandError):
    """An error that the OpenStackClient shows without a traceback."""


class Refused(CommandError):
    """An error response of the compute API."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__('%s (HTTP %d)' % (text.rstrip('.'), status))
        self.status = status


def text_of(response: Any) -> str:
    """Read the message of an error response.

    :returns: Nova's message, else HTTP's reason, in printable characters
    """
    try:
        body = response.json()
        # NOTE: {"conflictingRequest": {"message": ...}}, and for a wrong
        # microversion {"errors": [{"detail": ...}]}.
        (found,) = body.values()
        if isinstance(found, list):
            found = found[0]
        text = found.get('message') or found['detail']
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        text = response.reason or 'The compute API gives no reason'
    # It can quote the reason of a lock, which a user wrote.
    return terminal.escape(' '.join(str(text).split()))
