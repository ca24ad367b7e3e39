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

"""The tables of the store, in its newest version.

The migrations create them; a test compares the two.
"""

import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

METADATA = sa.MetaData()

# NOTE: a name in MariaDB is compared by its bytes, as in the other databases.
MYSQL = {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8mb4',
         'mysql_collate': 'utf8mb4_bin'}

WATCHES = sa.Table(
    'watches', METADATA,
    # [DEFAULT]host where nova-lockstatus-watch runs.
    sa.Column('host', sa.String(255), primary_key=True),
    # When the process was started and when it reported last, in UTC.
    sa.Column('started_at', sa.DateTime, nullable=False),
    sa.Column('reported_at', sa.DateTime, nullable=False),
    **MYSQL)


def moment() -> sa.types.TypeEngine[datetime.datetime]:
    """Return the type of a time in UTC, with its microseconds."""
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql')


HOSTS = sa.Table(
    'host_statuses', METADATA,
    # The uuid of the cell.
    sa.Column('cell', sa.String(36), primary_key=True),
    sa.Column('host', sa.String(255), primary_key=True),
    # The known status: UP, UNKNOWN, DOWN or MAINTENANCE.
    sa.Column('status', sa.String(16), nullable=False),
    # Rises with each change, and the time of the last change.
    sa.Column('version', sa.Integer, nullable=False),
    sa.Column('changed_at', moment(), nullable=False),
    **MYSQL)

DUE_FIRST = datetime.datetime(1970, 1, 1)
DUE_NOW = datetime.datetime(1970, 1, 2)
DUE_NEVER = datetime.datetime(9999, 1, 1)
"""Values of due_at of the outbox that are no time."""

OUTBOX = sa.Table(
    'announcements', METADATA,
    # In the order of the changes.
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer, 'sqlite'),
              primary_key=True, autoincrement=True),
    # The uuid of the change, and the sink that it is to be delivered to.
    sa.Column('change_id', sa.String(36), nullable=False),
    sa.Column('sink', sa.String(64), nullable=False),
    sa.Column('cell', sa.String(36), nullable=False),
    sa.Column('host', sa.String(255), nullable=False),
    sa.Column('old', sa.String(16), nullable=False),
    sa.Column('new', sa.String(16), nullable=False),
    sa.Column('changed_at', moment(), nullable=False),
    # The API call that made the change, if it was one.
    sa.Column('request_id', sa.String(255)),
    sa.Column('user_id', sa.String(255)),
    sa.Column('project_id', sa.String(255)),
    # The checkpoint: the id in the cell's database of the last server for
    # which the change was delivered.
    sa.Column('last_server', sa.BigInteger, nullable=False),
    # How often the delivery has failed, and when to try again.
    sa.Column('tries', sa.Integer, nullable=False),
    sa.Column('not_before', moment()),
    # The lease: its owner, and when it ends.
    sa.Column('claimed_by', sa.String(36)),
    sa.Column('claimed_until', moment()),
    # When a claim is to look at it: DUE_FIRST if it is urgent, DUE_NOW, the
    # end of its lease or of its postponement, or DUE_NEVER while an earlier
    # entry of its host and its sink is there. Older releases leave it at its
    # default.
    sa.Column('due_at', moment(), nullable=False,
              server_default='1970-01-01 00:00:00.000000'),
    sa.Index('announcements_of_sink', 'sink', 'cell', 'host', 'number'),
    sa.Index('announcements_due', 'sink', 'due_at', 'number', 'cell'),
    **MYSQL)

SCOPE_LOCKS = sa.Table(
    'scope_locks', METADATA,
    # In the order in which they were made.
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer, 'sqlite'),
              primary_key=True, autoincrement=True),
    sa.Column('id', sa.String(36), nullable=False),
    # "project" and its id, or "host", its name and the uuid of its cell.
    sa.Column('scope', sa.String(16), nullable=False),
    sa.Column('scope_id', sa.String(255), nullable=False),
    sa.Column('cell', sa.String(36)),
    # "change" or "delete".
    sa.Column('lock_level', sa.String(16), nullable=False),
    # The holder.
    sa.Column('user_id', sa.String(255)),
    sa.Column('project_id', sa.String(255)),
    sa.Column('reason', sa.String(255)),
    sa.Column('origin', sa.String(64)),
    # By the clock of the database.
    sa.Column('since', moment(), nullable=False),
    sa.Column('until', moment()),
    # Whether it is no lock any more after its end, and whether a project gets
    # no new servers.
    sa.Column('lifted_at_end', sa.Boolean, nullable=False),
    sa.Column('refuses_create', sa.Boolean, nullable=False),
    sa.Index('scope_locks_id', 'id', unique=True),
    sa.Index('scope_locks_of_scope', 'scope', 'scope_id', 'number'),
    sa.Index('scope_locks_of_origin', 'origin', 'number'),
    **MYSQL)

WEBHOOKS = sa.Table(
    'webhooks', METADATA,
    # Its name in [lockstatus]webhooks.
    sa.Column('name', sa.String(50), primary_key=True),
    # The last answer, or why there was none, and when that was.
    sa.Column('answer', sa.String(255)),
    sa.Column('answered_at', moment()),
    # When it answered 410, and the digest of the URL that did so.
    sa.Column('gone_at', moment()),
    sa.Column('gone_url', sa.String(64)),
    **MYSQL)

WEBHOOK_EVENTS = sa.Table(
    'webhook_events', METADATA,
    # In the order in which they were posted.
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer, 'sqlite'),
              primary_key=True, autoincrement=True),
    sa.Column('name', sa.String(50), nullable=False),
    # The HTTP status of the answer, and when it came.
    sa.Column('status', sa.Integer, nullable=False),
    sa.Column('posted_at', moment(), nullable=False),
    # The event, in JSON.
    sa.Column('event', sa.Text, nullable=False),
    sa.Index('webhook_events_of_name', 'name', 'number'),
    sa.Index('webhook_events_age', 'posted_at'),
    **MYSQL)
