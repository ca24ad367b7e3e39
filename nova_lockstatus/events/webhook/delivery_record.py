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

"""Records in the store what came of the POSTs to a webhook."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import webhook_history
from nova_lockstatus.db import webhook_state
from nova_lockstatus.events.webhook.endpoint import Endpoint
from nova_lockstatus.utils import terminal
from nova_lockstatus.utils.log_once import LogOnce

ANSWER_SECONDS = 10
"""Seconds after which an answer is recorded again that has not changed."""


class DeliveryRecord:
    """Records nothing: the base, for a client that has no store."""

    def is_off(self) -> bool:
        """Tell whether the webhook has answered 410, to any process.

        :raises StoreUnreachable: when the store cannot be read
        :raises StoreNotSynced: when the tables do not exist
        """
        return False

    def switch_off(self) -> None:
        """Record that the webhook has answered 410."""

    def answered(self, answer: str) -> None:
        """Record the last answer, or why there was none."""

    def posted(self, events: Sequence[dict[str, Any]], status: int) -> None:
        """Record the events of one POST for a replay.

        :param status: the HTTP status of the answer
        """


NO_RECORD = DeliveryRecord()


class StoredRecord(DeliveryRecord):
    """Records in the store. A failure to write is logged, and nothing else."""

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store,
                 endpoint: Endpoint) -> None:
        self._conf = conf
        self._store = store
        self._endpoint = endpoint
        self._log_once = LogOnce()
        self._answer: tuple[str, float] | None = None

    def is_off(self) -> bool:
        """Tell whether the webhook has answered 410, to any process."""
        return webhook_state.read(self._store, self._endpoint.name).is_off(
            self._endpoint.url_digest)

    def switch_off(self) -> None:
        """Record that the webhook has answered 410."""
        with self._attempt():
            webhook_state.switch_off(self._store, self._endpoint.name,
                                     self._endpoint.url_digest)

    def answered(self, answer: str) -> None:
        """Record the last answer, unless it was recorded a moment ago."""
        now = time.monotonic()
        if self._answer is not None and self._answer[0] == answer and (
                now < self._answer[1] + ANSWER_SECONDS):
            return
        with self._attempt():
            webhook_state.record_answer(self._store, self._endpoint.name,
                                        terminal.one_line(answer))
            self._answer = answer, now

    def posted(self, events: Sequence[dict[str, Any]], status: int) -> None:
        """Record the events of one POST for a replay."""
        if not self._conf.lockstatus.webhook_history:
            return
        with self._attempt():
            webhook_history.record(self._store, self._endpoint.name, status,
                                   [json.dumps(event) for event in events])

    def _attempt(self) -> Any:
        return self._log_once.attempt(
            'The record of the webhook %s cannot be written'
            % self._endpoint.name, exception.LockStatusException)
