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

"""The tables of the state of webhooks, and of the events posted to them."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from nova_lockstatus.db.migrations import repeatable

revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    """Create both tables."""
    moment = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql')
    repeatable.create_table(
        'webhooks',
        sa.Column('name', sa.String(50), primary_key=True),
        sa.Column('answer', sa.String(255)),
        sa.Column('answered_at', moment),
        sa.Column('gone_at', moment),
        sa.Column('gone_url', sa.String(64)))
    repeatable.create_table(
        'webhook_events',
        sa.Column('number',
                  sa.BigInteger().with_variant(sa.Integer, 'sqlite'),
                  primary_key=True, autoincrement=True),
        sa.Column('name', sa.String(50), nullable=False),
        sa.Column('status', sa.Integer, nullable=False),
        sa.Column('posted_at', moment, nullable=False),
        sa.Column('event', sa.Text, nullable=False))
    repeatable.create_index('webhook_events_of_name', 'webhook_events',
                            'name', 'number')
    repeatable.create_index('webhook_events_age', 'webhook_events',
                            'posted_at')
