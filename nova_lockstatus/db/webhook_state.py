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

"""The state of each webhook: its last answer, and whether it is off.

All processes share it: a webhook that has answered 410 to one of them gets
nothing from the others either.
"""

from __future__ import annotations

import dataclasses
import datetime

import sqlalchemy as sa

from nova_lockstatus.db import clock
from nova_lockstatus.db import database
from nova_lockstatus.db import models
from nova_lockstatus.db.upsert import upsert

ANSWER_LENGTH = 255
"""The number of characters of an answer that are kept."""

_WEBHOOK = models.WEBHOOKS.c


@dataclasses.dataclass(frozen=True)
class WebhookState:
    """What is known of a webhook. All times are in UTC, without a time zone.

    :param answer: its last answer, or why there was none; None before the
        first POST
    :param answered_at: when that was
    :param gone_at: when it answered 410, None unless it is off
    :param gone_url: the digest of the URL that answered so
    """

    name: str
    answer: str | None = None
    answered_at: datetime.datetime | None = None
    gone_at: datetime.datetime | None = None
    gone_url: str | None = None

    def is_off(self, url_digest: str) -> bool:
        """Tell whether nothing is to be posted to a URL.

        :param url_digest: of the URL that is configured now
        """
        return self.gone_at is not None and self.gone_url == url_digest


def read(store: database.Store, name: str) -> WebhookState:
    """Read the state of one webhook, with one statement."""
    return _read(store, _WEBHOOK.name == name).get(name, WebhookState(name))


def read_all(store: database.Store) -> dict[str, WebhookState]:
    """Read the states of all webhooks that have one, by name."""
    return _read(store)


def _read(store: database.Store, *conditions: sa.ColumnElement[bool]
          ) -> dict[str, WebhookState]:
    with store.connect() as connection:
        return {row.name: WebhookState(*row) for row in connection.execute(
            sa.select(models.WEBHOOKS).where(*conditions))}


@database.retried
def record_answer(store: database.Store, name: str, answer: str) -> None:
    """Record the last answer of a webhook, with one statement."""
    values = {'answer': answer[:ANSWER_LENGTH], 'answered_at': clock.now()}
    with store.connect() as connection:
        upsert(connection, models.WEBHOOKS, [{'name': name, **values}],
               values)


@database.retried
def switch_off(store: database.Store, name: str, url_digest: str) -> None:
    """Record that a webhook has answered 410, with one statement."""
    values = {'gone_at': clock.now(), 'gone_url': url_digest}
    with store.connect() as connection:
        upsert(connection, models.WEBHOOKS, [{'name': name, **values}],
               values)


@database.retried
def switch_on(store: database.Store, name: str) -> bool:
    """Forget that a webhook has answered 410.

    :returns: whether it was off
    """
    with store.connect() as connection:
        return bool(connection.execute(models.WEBHOOKS.update().where(
            _WEBHOOK.name == name, _WEBHOOK.gone_at.is_not(None)
        ).values(gone_at=None, gone_url=None)).rowcount)
