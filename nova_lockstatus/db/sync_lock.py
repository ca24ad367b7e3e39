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


"""A lock of the database that one process has while it changes the tables."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from oslo_db import exception as db_exception

from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

POLL_SECONDS = 0.1
"""Seconds between two tries to take the lock."""

LOG_AFTER_SECONDS = 5
"""Seconds after which a process logs that it waits."""

# NOTE: locks of MySQL are the server's, those of PostgreSQL the database's.
_MYSQL_NAME = "CONCAT('nova_lockstatus.', SHA1(DATABASE()))"
_POSTGRESQL_KEY = 0x6C6F636B73746174


@contextlib.contextmanager
def held(connection: Any) -> Iterator[None]:
    """Run the block while no other process does, and wait for that.

    The database takes the lock away from a process that dies.

    :param connection: in a transaction that has done nothing yet; what the
        block does is committed on MySQL, which commits each DDL statement
    """
    _take(connection)
    if connection.dialect.name != 'mysql':
        # The lock ends with the transaction.
        yield
        return
    try:
        yield
        # The next process must see the version that was written last.
        connection.exec_driver_sql('COMMIT')
    finally:
        with contextlib.suppress(db_exception.DBError):
            connection.exec_driver_sql(
                'SELECT RELEASE_LOCK(%s)' % _MYSQL_NAME)


def _take(connection: Any) -> None:
    began = time.monotonic()
    is_logged = False
    if connection.dialect.name == 'sqlite':
        # NOTE: oslo.db has begun a transaction that locks nothing yet.
        connection.exec_driver_sql('ROLLBACK')
    while not _try(connection):
        if not is_logged and time.monotonic() > began + LOG_AFTER_SECONDS:
            is_logged = True
            LOG.warning('Another process is changing the tables of the '
                        'plugin. This one waits until it has ended.')
        time.sleep(POLL_SECONDS)


def _try(connection: Any) -> bool:
    if connection.dialect.name == 'sqlite':
        try:
            connection.exec_driver_sql('BEGIN IMMEDIATE')
            return True
        except db_exception.DBError as error:
            if 'database is locked' not in str(error):
                raise
            return False
    if connection.dialect.name == 'postgresql':
        return bool(connection.exec_driver_sql(
            'SELECT pg_try_advisory_xact_lock(%d)' % _POSTGRESQL_KEY
        ).scalar())
    try:
        return bool(connection.exec_driver_sql(
            'SELECT GET_LOCK(%s, 0)' % _MYSQL_NAME).scalar())
    except db_exception.DBError as error:
        # NOTE: Percona XtraDB Cluster refuses it in its strict mode.
        LOG.warning('The database has no lock that keeps two "nova-lockstatus '
                    'db sync" apart. Run one at a time: %s', error)
        return True
