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

"""Which locks a list has."""

import datetime
from typing import NamedTuple

from nova_lockstatus.core import lock_record
from nova_lockstatus.core.lock_record import LockRecord


class LockQuery(NamedTuple):
    """Which locks of servers to read; None does not filter.

    :param project_id: the project of the server
    :param host: the name of the host that the server is on
    :param expired: whether their end has come
    """

    project_id: str | None = None
    host: str | None = None
    level: str | None = None
    origin: str | None = None
    locked_by: str | None = None
    expired: bool | None = None

    def has(self, record: LockRecord, now: datetime.datetime) -> bool:
        """Tell whether a lock of a server is one of these.

        :param now: the time in UTC, without a time zone
        """
        return (self.level in (None, record.level)
                and self.origin in (None, record.origin)
                and self.locked_by in (None, record.locked_by)
                and self.expired in (None, lock_record.is_expired(record, now))
                and lock_record.stands(record, now))
