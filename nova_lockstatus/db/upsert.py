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

"""INSERT of rows that may exist, as each database has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite


def upsert(connection: Any, table: sa.Table, rows: Sequence[Mapping[str, Any]],
           update: Mapping[str, Any] | None = None) -> None:
    """Insert rows, with one statement.

    :param rows: the values, by column
    :param update: new values for a row that exists, None to leave it
    """
    dialect = connection.dialect.name
    if dialect == 'mysql':
        insert = mysql.insert(table).values(rows)
        connection.execute(insert.on_duplicate_key_update(update) if update
                           else insert.prefix_with('IGNORE'))
        return
    module = postgresql if dialect == 'postgresql' else sqlite
    other = module.insert(table).values(rows)
    connection.execute(
        other.on_conflict_do_update(index_elements=list(table.primary_key),
                                    set_=update)
        if update else other.on_conflict_do_nothing())
