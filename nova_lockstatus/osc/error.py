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

"""What a user is told when something does not work, in one line."""

from typing import Any

from osc_lib import exceptions

from nova_lockstatus.utils import terminal


class CommandError(exceptions.CommandError):
    """What the OpenStackClient shows as one line, without a traceback."""


class Refused(CommandError):
    """The compute API answers with an error.

    :param status: of HTTP
    :param text: what it says
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__('%s (HTTP %d)' % (text.rstrip('.'), status))
        self.status = status


def text_of(answer: Any) -> str:
    """Find the sentence in an answer that is an error.

    :param answer: the requests.Response
    :returns: Nova's message, or at least HTTP's, in printable characters
    """
    try:
        body = answer.json()
        # NOTE: {"conflictingRequest": {"message": ...}}, and for a wrong
        # microversion {"errors": [{"detail": ...}]}.
        (found,) = body.values()
        if isinstance(found, list):
            found = found[0]
        text = found.get('message') or found['detail']
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        text = answer.reason or 'The compute API gives no reason'
    # It can quote the reason of a lock.
    return terminal.visible(' '.join(str(text).split()))
