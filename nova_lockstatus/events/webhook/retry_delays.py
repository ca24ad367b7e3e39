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

"""Says when a webhook is tried again that has failed."""

from collections.abc import Sequence

from nova_lockstatus.conf import webhooks
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.utils import duration
from nova_lockstatus.utils.backoff import Backoff
from nova_lockstatus.utils.backoff import delay

QUICK_SECONDS = 1
QUICK_MAX_SECONDS = 300
"""The first and the longest delay of quick retries."""

QUICK_JITTER = 0.5
"""The part of a quick delay that is cut at random, at the most."""

STANDARD_SECONDS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""The delays of the example in Standard Webhooks 1.0.0: three days."""

STANDARD_JITTER = 0.1

LONGEST_EXTRA_SECONDS = 300
"""The longest time for which an event waits after the pause of its webhook."""


def schedule(name: str) -> Sequence[float]:
    """Return the delays after one failure in a row, two, and so on.

    :param name: the value of the option ``retries``
    """
    if name == webhooks.STANDARD:
        return STANDARD_SECONDS
    return [delay(failures, QUICK_SECONDS, QUICK_MAX_SECONDS)
            for failures in range(1, 11)]


def backoff(name: str) -> Backoff:
    """Make the delay between failures of a webhook.

    :param name: the value of the option ``retries``
    """
    return Backoff(schedule(name), STANDARD_JITTER
                   if name == webhooks.STANDARD else QUICK_JITTER)


def after_pause(pause: float) -> float:
    """Return when an event is tried again that its webhook did not take.

    It is later than the end of the webhook's pause: an event that is never
    taken must not hold up those of other hosts.

    :param pause: seconds for which the webhook is left alone
    """
    return pause + min(pause, LONGEST_EXTRA_SECONDS)


def problem(endpoint: Endpoint, give_up: float) -> str | None:
    """Tell whether a webhook is not tried again for as long as it should.

    :param give_up: seconds for which an event is tried
    :returns: a sentence; None where all is right
    """
    needed = sum(map(after_pause, STANDARD_SECONDS))
    if endpoint.retries != webhooks.STANDARD or give_up >= needed:
        return None
    return ('The webhook %s has retries = standard, which take %s, but '
            '[lockstatus]webhook_give_up ends them after %s. Set it to '
            '280000, in the configuration of nova-api, too.' % (
                endpoint.name, duration.in_seconds(needed),
                duration.in_seconds(give_up)))
