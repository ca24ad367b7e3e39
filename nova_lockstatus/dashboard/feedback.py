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


"""Tells the user what became of each server."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from horizon import messages

from nova_lockstatus.dashboard.servers import Outcome

# How many failures get a message of their own.
MOST = 20


def report(
    request: Any, outcomes: Sequence[Outcome], names: Mapping[str, str],
    done: str, failed: str,
) -> None:
    """Show one message of the successes, and one of each failure.

    :param names: of the servers, by their ids
    :param done: such as ``Locked: %(servers)s``
    :param failed: such as ``Unable to lock %(server)s: %(error)s``
    """
    def name(outcome: Outcome) -> str:
        return names.get(outcome.server_id) or outcome.server_id

    changed = [name(outcome) for outcome in outcomes if not outcome.failure]
    failures = [outcome for outcome in outcomes if outcome.failure]
    if changed:
        messages.success(request, done % {'servers': ', '.join(changed)})
    for outcome in failures[:MOST]:
        messages.error(request, failed % {
            'server': name(outcome), 'error': outcome.failure})
    if failures[MOST:]:
        messages.error(request, _('The same action failed for: %s') %
                       ', '.join(map(name, failures[MOST:])))
