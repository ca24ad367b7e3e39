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

"""The tables of the store, as its newest version has them.

The migrations make them; a test holds the two against each other.
"""

import sqlalchemy as sa

METADATA = sa.MetaData()

# NOTE: a name in MariaDB is compared by its bytes, as in the other databases.
MYSQL = {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8mb4',
         'mysql_collate': 'utf8mb4_bin'}

WATCHES = sa.Table(
    'watches', METADATA,
    # [DEFAULT]host where nova-lockstatus-watch runs.
    sa.Column('host', sa.String(255), primary_key=True),
    # When it was started and when it was last known to run, in UTC.
    sa.Column('started_at', sa.DateTime, nullable=False),
    sa.Column('reported_at', sa.DateTime, nullable=False),
    **MYSQL)
