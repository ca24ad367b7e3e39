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

"""Posts events again that a webhook has had before."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

from nova_lockstatus import exception
from nova_lockstatus.db.webhook_history import PostedEvent
from nova_lockstatus.events.webhook import sender
from nova_lockstatus.utils import backoff

TRIES = 4
"""How often a POST is tried before the replay ends."""

RETRY_SECONDS = 1
RETRY_MAX_SECONDS = 8
"""The first and the longest delay between the tries."""


@dataclasses.dataclass
class Replay:
    """Posts events in their order, with the ids that they had.

    :param size: the number of events in a POST
    :param accepted: how many events were taken
    :param refused: how many were refused for good
    :param last: the last event that was taken or refused
    """

    sender: sender.Sender
    size: int
    accepted: int = 0
    refused: int = 0
    last: PostedEvent | None = None

    def run(self, pages: Iterable[Sequence[PostedEvent]]) -> None:
        """Post all events.

        :raises WebhookNotTaken: when the webhook does not take events now, or
            has answered 410
        :raises WebhookNotReached: when there is no response, or none in time
        :raises WebhookConsentMissing: when the webhook wants no events
        :raises WebhookAddressNotAllowed: when the webhook has no address that
            is allowed
        """
        for page in pages:
            for start in range(0, len(page), self.size):
                self._post(page[start:start + self.size])

    def _post(self, rows: Sequence[PostedEvent]) -> None:
        status = self._try([json.loads(row.event) for row in rows])
        if status == sender.GONE:
            raise exception.WebhookNotTaken(status=status)
        if status == sender.TOO_LARGE and len(rows) > 1:
            half = len(rows) // 2
            self._post(rows[:half])
            self._post(rows[half:])
            return
        if sender.is_accepted(status):
            self.accepted += len(rows)
        else:
            self.refused += len(rows)
        self.last = rows[-1]

    def _try(self, events: Sequence[dict[str, Any]]) -> int:
        """Post events, and again if they are not taken.

        :returns: the status of the answer, which is final
        """
        for tries in range(1, TRIES + 1):
            try:
                status = self.sender.post(events).status
                if sender.is_final(status):
                    return status
                raise exception.WebhookNotTaken(status=status)
            except (exception.WebhookNotTaken, exception.WebhookNotReached):
                if tries == TRIES:
                    raise
            time.sleep(backoff.delay(tries, RETRY_SECONDS, RETRY_MAX_SECONDS))
        raise AssertionError
