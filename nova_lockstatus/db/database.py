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

"""Connects to the plugin's own database, the store."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from oslo_config import cfg
from oslo_db import api as db_api
from oslo_db import exception as db_exception
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import exc

from nova_lockstatus import exception
from nova_lockstatus.db import store_url

CONNECT_TIMEOUT = 5
"""Seconds to wait for a server, unless the URL says otherwise."""

STATEMENT_TIMEOUT = 10
"""Seconds to wait for the result of a statement, likewise. All statements are
short, except those that create the tables."""

# The drivers whose parameters for timeouts are known.
_MYSQL_DRIVERS = ('mysqldb', 'pymysql')
_POSTGRESQL_DRIVERS = ('psycopg', 'psycopg2')

_MYSQL_NO_TABLE = 1146
_POSTGRESQL_NO_TABLE = '42P01'


_Function = TypeVar('_Function', bound=Callable[..., Any])

_retry = db_api.wrap_db_retry(
    max_retries=10, retry_on_deadlock=True, retry_interval=0.05,
    inc_retry_interval=False,
    exception_checker=lambda error: isinstance(
        error.__cause__, db_exception.DBDuplicateEntry))


def retried(function: _Function) -> _Function:
    """Decorate a function to repeat its transaction after a conflict.

    That is a deadlock, or a row that another process inserted meanwhile.
    """
    wrapped: _Function = _retry(function)
    return wrapped


@enginefacade.transaction_context_provider
class _Context:
    """The object to which oslo.db attaches a transaction."""


@dataclasses.dataclass(frozen=True)
class Store:
    """The plugin's own database. Nothing connects to it before it is used.

    :param url: of SQLAlchemy
    :param transactions: the transaction context manager of oslo.db
    """

    url: Any
    transactions: Any

    @property
    def name(self) -> str:
        """Return the URL without the password."""
        return str(self.url.set(query={}).render_as_string(
            hide_password=True))

    @property
    def is_missing(self) -> bool:
        """Tell whether it is a file that does not exist.

        SQLite creates such a file with the first connection.
        """
        return (self.url.get_backend_name() == 'sqlite'
                and not self.url.database.startswith('file:')
                and not os.path.exists(self.url.database))

    @contextlib.contextmanager
    def connect(self, create: bool = False) -> Iterator[Any]:
        """Run the block in a transaction.

        :param create: whether to create a file that does not exist
        :raises StoreNotSynced: when the tables do not exist
        :raises StoreUnreachable: when the database cannot be used
        :raises StoreUrlInvalid: when the driver does not take the URL
        """
        if self.is_missing and not create:
            raise exception.StoreNotSynced()
        try:
            with contextlib.ExitStack() as stack:
                yield self._enter(stack)
        except db_exception.DBNonExistentTable as error:
            raise exception.StoreNotSynced() from error
        except db_exception.DBDeadlock:
            # See retried().
            raise
        except (db_exception.DBError, exc.SQLAlchemyError, ImportError,
                OSError) as error:
            if _lacks_table(error):
                raise exception.StoreNotSynced() from error
            raise exception.StoreUnreachable(
                reason=store_url.describe(error)) from error

    def _enter(self, stack: contextlib.ExitStack) -> Any:
        try:
            connection = stack.enter_context(
                self.transactions.writer.connection.using(_Context()))
        except (db_exception.DBError, exc.DBAPIError, exc.TimeoutError,
                OSError):
            raise
        except Exception as error:
            # Each driver has exceptions of its own for what it does not take.
            raise exception.StoreUrlInvalid(
                problem=store_url.explain(self.url, error)) from error
        if (connection.dialect.name == 'mysql'
                and connection.dialect.default_schema_name is None):
            raise exception.StoreUrlInvalid(problem='it names no database')
        return connection


def open_store(conf: cfg.ConfigOpts, limited: bool = True) -> Store:
    """Open the store that is configured, and connect to nothing yet.

    :param conf: Nova's configuration with the plugin's options
    :param limited: whether a statement may take
        :data:`STATEMENT_TIMEOUT` at the most
    :raises StoreNotConfigured: when [lockstatus]connection is not set
    :raises StoreUrlInvalid: when it is no URL of a supported database, or
        its driver is not installed or does not take it
    """
    url = store_url.parse(store_url.read(conf))
    limits = _limits(url.get_driver_name(), limited)
    url = url.set(query={**limits, **url.query})
    transactions = enginefacade.transaction_context()
    # NOTE: with its default of 10, oslo.db would sleep for 100 seconds if the
    # server does not answer. All callers try again themselves.
    transactions.configure(
        connection=url.render_as_string(hide_password=False), max_retries=0)
    return Store(url, transactions)


def _limits(driver: str, limited: bool) -> dict[str, str]:
    """Return the parameters of a URL for timeouts, and the character set.

    oslo.db has an option that appends parameters to the URL, but none that
    knows those of each driver.
    """
    if driver not in _MYSQL_DRIVERS + _POSTGRESQL_DRIVERS:
        return {}
    limits = {'connect_timeout': str(CONNECT_TIMEOUT)}
    if driver in _MYSQL_DRIVERS:
        # NOTE: oslo.db would speak MySQL's utf8, which has no characters above
        # U+FFFF. A reason of a lock can have some.
        limits['charset'] = 'utf8mb4'
    if limited and driver in _MYSQL_DRIVERS:
        limits['read_timeout'] = limits['write_timeout'] = str(
            STATEMENT_TIMEOUT)
    elif limited:
        # NOTE: libpq waits for a result without end. The server cancels a
        # statement that takes too long, and the kernel notices a machine that
        # is gone.
        milliseconds = str(1000 * STATEMENT_TIMEOUT)
        limits['options'] = '-c statement_timeout=' + milliseconds
        limits['tcp_user_timeout'] = milliseconds
        limits['keepalives_idle'] = limits['keepalives_interval'] = str(
            CONNECT_TIMEOUT)
    return limits


def _lacks_table(error: BaseException) -> bool:
    # NOTE: oslo.db recognises the error of SQLite alone. MySQL's it leaves as
    # an error of SQLAlchemy, PostgreSQL's it makes a general DBError.
    inner = getattr(error, 'inner_exception', error)
    cause = getattr(inner, 'orig', inner)
    return (getattr(cause, 'args', ())[:1] == (_MYSQL_NO_TABLE,)
            or _POSTGRESQL_NO_TABLE in (getattr(cause, 'pgcode', None),
                                        getattr(cause, 'sqlstate', None)))
