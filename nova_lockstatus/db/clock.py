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

"""The time as the tables have it: UTC, without a time zone."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa

_EXPRESSIONS = {
    'mysql': 'UTC_TIMESTAMP(6)',
    'postgresql': "TIMEZONE('UTC', CLOCK_TIMESTAMP())",
    'sqlite': "STRFTIME('%Y-%m-%d %H:%M:%f', 'now')",
}


def now() -> datetime.datetime:
    """Return the current time."""
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def in_seconds(seconds: float) -> datetime.datetime:
    """Return the time after some seconds, or before them if they are negative.
    """
    return now() + datetime.timedelta(seconds=seconds)


def of_database(connection: Any) -> Any:
    """Return an expression of SQL for the time by the database's own clock.

    All processes have that one in common.

    :param connection: of SQLAlchemy
    """
    return sa.literal_column(_EXPRESSIONS[connection.dialect.name],
                             sa.DateTime)
