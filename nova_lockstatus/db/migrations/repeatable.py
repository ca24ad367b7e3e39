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


"""Steps of migrations that can be repeated.

MySQL commits each statement that makes a table or an index. A migration that
was killed in between is repeated from its beginning.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from nova_lockstatus import exception

MYSQL: dict[str, Any] = {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8mb4',
                         'mysql_collate': 'utf8mb4_bin'}


def create_table(name: str, *columns: sa.Column[Any]) -> None:
    """Create a table that does not exist yet.

    :raises StoreTableForeign: when another program has a table of that name
    """
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table(name):
        op.create_table(name, *columns, **MYSQL)
        return
    found = {column['name'] for column in inspector.get_columns(name)}
    if not {column.name for column in columns} <= found:
        raise exception.StoreTableForeign(table=name)


def create_index(name: str, table: str, *columns: str,
                 unique: bool = False) -> None:
    """Create an index that does not exist yet."""
    if not _has_index(name, table):
        op.create_index(name, table, list(columns), unique=unique)


def drop_index(name: str, table: str) -> None:
    """Drop an index that still exists."""
    if _has_index(name, table):
        op.drop_index(name, table)


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Add a column that does not exist yet."""
    inspector = sa.inspect(op.get_bind())
    if column.name not in {found['name']
                           for found in inspector.get_columns(table)}:
        op.add_column(table, column)


def _has_index(name: str, table: str) -> bool:
    inspector = sa.inspect(op.get_bind())
    return name in {index['name'] for index in inspector.get_indexes(table)}
