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

"""The table of the locks that are announced as expired."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from nova_lockstatus.db.migrations import repeatable

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    """Create the table."""
    moment = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql')
    repeatable.create_table(
        'expired_locks',
        sa.Column('lock_id', sa.String(36), primary_key=True),
        sa.Column('ended_at', moment, primary_key=True),
        sa.Column('cell', sa.String(36), nullable=False))
    repeatable.create_index('expired_locks_cell', 'expired_locks', 'cell')
