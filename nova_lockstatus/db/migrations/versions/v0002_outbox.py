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

"""The tables of the known status of hosts and of the outbox."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from nova_lockstatus.db.migrations import repeatable

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    """Create both tables."""
    moment = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql')
    repeatable.create_table(
        'host_statuses',
        sa.Column('cell', sa.String(36), primary_key=True),
        sa.Column('host', sa.String(255), primary_key=True),
        sa.Column('status', sa.String(16), nullable=False),
        sa.Column('version', sa.Integer, nullable=False),
        sa.Column('changed_at', moment, nullable=False))
    repeatable.create_table(
        'announcements',
        sa.Column('number',
                  sa.BigInteger().with_variant(sa.Integer, 'sqlite'),
                  primary_key=True, autoincrement=True),
        sa.Column('change_id', sa.String(36), nullable=False),
        sa.Column('sink', sa.String(64), nullable=False),
        sa.Column('cell', sa.String(36), nullable=False),
        sa.Column('host', sa.String(255), nullable=False),
        sa.Column('old', sa.String(16), nullable=False),
        sa.Column('new', sa.String(16), nullable=False),
        sa.Column('changed_at', moment, nullable=False),
        sa.Column('request_id', sa.String(255)),
        sa.Column('user_id', sa.String(255)),
        sa.Column('project_id', sa.String(255)),
        sa.Column('last_server', sa.BigInteger, nullable=False),
        sa.Column('tries', sa.Integer, nullable=False),
        sa.Column('not_before', moment),
        sa.Column('claimed_by', sa.String(36)),
        sa.Column('claimed_until', moment))
    repeatable.create_index('announcements_of_host', 'announcements', 'cell',
                            'host', 'number')
