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

"""Reads and replaces rows of a server's system metadata in a transaction."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_rows

TABLE = models.InstanceSystemMetadata.__table__

REASON = TABLE.c.key.in_(lock_reason.KEYS)
"""Selects the rows that have the reason of a lock."""

LOCKS = TABLE.c.key.startswith(lock_rows.PREFIX, autoescape=True)
"""Selects the rows that have the locks of a server."""


def read(connection: Any, uuid: str, which: Any) -> dict[str, str]:
    """Read rows of a server, by key.

    :param connection: of SQLAlchemy
    :param which: a condition, such as :data:`LOCKS`
    """
    return {row.key: row.value for row in _rows(connection, uuid, which)}


def replace(connection: Any, uuid: str, which: Any,
            wanted: Mapping[str, str]) -> None:
    """Replace rows of a server, if others are wanted.

    :param connection: of SQLAlchemy
    :param which: a condition that selects the rows to replace
    :param wanted: the rows by key
    """
    found = _rows(connection, uuid, which)
    if sorted((row.key, row.value) for row in found) == sorted(
            wanted.items()):
        return
    # NOTE: Nova deletes such rows for good: it reads those that are only
    # marked as deleted, too. By id, a database locks no more than these.
    if found:
        connection.execute(TABLE.delete().where(
            TABLE.c.id.in_([row.id for row in found])))
    if wanted:
        now = timeutils.utcnow()
        connection.execute(TABLE.insert(), [
            {'instance_uuid': uuid, 'key': key, 'value': value,
             'created_at': now, 'deleted': 0}
            for key, value in wanted.items()])


def _rows(connection: Any, uuid: str, which: Any) -> Any:
    return connection.execute(
        sqlalchemy.select(TABLE.c.id, TABLE.c.key, TABLE.c.value).where(
            TABLE.c.instance_uuid == uuid, which).order_by(TABLE.c.id)).all()
