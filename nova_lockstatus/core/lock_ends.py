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

"""When something is due about the locks of a server.

The end of a lock comes by the clock of the database that has the server: all
processes have that one in common, so none of their own clocks lets a lock end
early.
"""

import datetime
import json
from collections.abc import Iterable
from typing import NamedTuple

from nova_lockstatus.core.lock_record import LockRecord

RELEASE = 'release'
EXPIRY = 'expiry'
UNANNOUNCED = 'unannounced'
"""What is due: to lift a lock, to announce that one has expired, or to
announce a lifting that is not announced."""

UNANNOUNCED_KEY = 'lockstatus_unannounced'
"""The key of the row of system metadata that is there from when locks are
lifted until that is announced. It is written in the same transaction as the
locks, so it survives the process that lifts them."""

UNANNOUNCED_SECONDS = 10
"""Seconds after which another process announces a lifting."""

_TIME = '%Y-%m-%dT%H:%M:%S.%f'


class LockEnd(NamedTuple):
    """Something that is due about the locks of a server.

    :param at: when, in UTC, without a time zone
    :param kind: :data:`RELEASE`, :data:`EXPIRY` or :data:`UNANNOUNCED`
    :param lock_id: the lock, None for :data:`UNANNOUNCED`
    """

    at: datetime.datetime
    kind: str
    lock_id: str | None = None


class Lifting(NamedTuple):
    """A lifting that is not announced.

    :param action: the instance action that was recorded
    :param request_id: that of the instance action
    :param since: when the process began that announces it, in UTC, without a
        time zone
    """

    action: str
    request_id: str
    since: datetime.datetime

    @property
    def end(self) -> LockEnd:
        """Return when another process is to announce it."""
        return LockEnd(self.since + datetime.timedelta(
            seconds=UNANNOUNCED_SECONDS), UNANNOUNCED)


def of_records(records: Iterable[LockRecord]) -> list[LockEnd]:
    """Return the ends of locks, those that have none left out."""
    return [LockEnd(record.until, RELEASE if record.release else EXPIRY,
                    record.id)
            for record in records if record.until is not None]


def encode(lifting: Lifting) -> str:
    """Return the value of the row of system metadata."""
    return json.dumps([lifting.action, lifting.request_id,
                       lifting.since.strftime(_TIME)])


def decode(value: str) -> Lifting:
    """Read the row of system metadata.

    :raises ValueError: when it is damaged
    """
    try:
        action, request_id, since = json.loads(value)
        return Lifting(str(action), str(request_id),
                      datetime.datetime.strptime(since, _TIME))
    except TypeError as error:
        raise ValueError(str(error)) from error
