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

"""The table of the locks of projects and hosts."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from nova_lockstatus.db.migrations import repeatable

revision = '0004'
down_revision = '0003'

_TABLE = 'scope_locks'


def upgrade() -> None:
    """Create the table and its indexes."""
    moment = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql')
    repeatable.create_table(
        _TABLE,
        sa.Column('number',
                  sa.BigInteger().with_variant(sa.Integer, 'sqlite'),
                  primary_key=True, autoincrement=True),
        sa.Column('id', sa.String(36), nullable=False),
        sa.Column('scope', sa.String(16), nullable=False),
        sa.Column('scope_id', sa.String(255), nullable=False),
        sa.Column('cell', sa.String(36)),
        sa.Column('lock_level', sa.String(16), nullable=False),
        sa.Column('user_id', sa.String(255)),
        sa.Column('project_id', sa.String(255)),
        sa.Column('reason', sa.String(255)),
        sa.Column('origin', sa.String(64)),
        sa.Column('since', moment, nullable=False),
        sa.Column('until', moment),
        sa.Column('lifted_at_end', sa.Boolean, nullable=False),
        sa.Column('refuses_create', sa.Boolean, nullable=False))
    repeatable.create_index('scope_locks_id', _TABLE, 'id', unique=True)
    repeatable.create_index('scope_locks_of_scope', _TABLE, 'scope',
                            'scope_id', 'number')
    repeatable.create_index('scope_locks_of_origin', _TABLE, 'origin',
                            'number')
