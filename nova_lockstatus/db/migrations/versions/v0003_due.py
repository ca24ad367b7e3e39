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


"""The time at which an outbox entry is due, so that a claim can look it up."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from nova_lockstatus.db.migrations import repeatable

revision = '0003'
down_revision = '0002'

_TABLE = 'announcements'


def upgrade() -> None:
    """Add the column and the indexes, and fill the column."""
    moment = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql')
    repeatable.add_column(_TABLE, sa.Column(
        'due_at', moment, nullable=False,
        server_default='1970-01-01 00:00:00.000000'))
    repeatable.create_index('announcements_of_sink', _TABLE, 'sink', 'cell',
                            'host', 'number')
    repeatable.create_index('announcements_due', _TABLE, 'sink', 'due_at',
                            'number', 'cell')
    repeatable.drop_index('announcements_of_host', _TABLE)
    op.execute('UPDATE announcements SET due_at = not_before '
               'WHERE not_before IS NOT NULL')
    # NOTE: MySQL reads from the table that it updates only through another
    # SELECT.
    op.execute(
        "UPDATE announcements SET due_at = '9999-01-01 00:00:00.000000' "
        'WHERE number NOT IN (SELECT number FROM ('
        'SELECT MIN(number) AS number FROM announcements '
        'GROUP BY sink, cell, host) AS heads)')
