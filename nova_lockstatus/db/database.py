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

"""Opens the database that the store is in."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from typing import Any

from oslo_config import cfg
from oslo_db import api as db_api
from oslo_db import exception as db_exception
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import engine
from sqlalchemy import exc

from nova_lockstatus import exception

CONNECT_TIMEOUT = 5
"""Seconds to wait for a server, unless the URL says otherwise."""

STATEMENT_TIMEOUT = 10
"""Seconds to wait for the answer to a statement, likewise. All of them are
short ones, but for those that make the tables."""

_BACKENDS = ('sqlite', 'mysql', 'mariadb', 'postgresql')

# Those of which it is known how to tell them to wait.
_MYSQL_DRIVERS = ('mysqldb', 'pymysql')
_POSTGRESQL_DRIVERS = ('psycopg', 'psycopg2')

_MYSQL_NO_TABLE = 1146
_POSTGRESQL_NO_TABLE = '42P01'


retried = db_api.wrap_db_retry(max_retries=10, retry_on_deadlock=True,
                               retry_interval=0.05, inc_retry_interval=False)
"""Decorator of functions whose transaction a deadlock may end."""


@enginefacade.transaction_context_provider
class _Context:
    """What oslo.db hangs a transaction on."""


@dataclasses.dataclass(frozen=True)
class Store:
    """A database that was not asked for anything yet.

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
        """Tell whether it is a file that is not there.

        It would be made by the mere look at it.
        """
        return (self.url.get_backend_name() == 'sqlite'
                and not self.url.database.startswith('file:')
                and not os.path.exists(self.url.database))

    @contextlib.contextmanager
    def connect(self, making: bool = False) -> Iterator[Any]:
        """Begin a transaction, and end it.

        :param making: whether a file that is not there is to be made
        :returns: the connection of SQLAlchemy
        :raises StoreNotSynced: when the tables are not there
        :raises StoreUnreachable: when the database cannot be used
        """
        if self.is_missing and not making:
            raise exception.StoreNotSynced()
        try:
            with self.transactions.writer.connection.using(
                    _Context()) as connection:
                yield connection
        except db_exception.DBNonExistentTable as error:
            raise exception.StoreNotSynced() from error
        except db_exception.DBDeadlock:
            # For those who try again.
            raise
        except (db_exception.DBError, exc.SQLAlchemyError, ImportError,
                OSError) as error:
            if _lacks_table(error):
                raise exception.StoreNotSynced() from error
            raise exception.StoreUnreachable(
                reason=_first_line(error)) from error


def open_store(conf: cfg.ConfigOpts, limited: bool = True) -> Store:
    """Prepare the store that is configured, and connect to nothing yet.

    :param conf: Nova's configuration with the plugin's options
    :param limited: whether a statement may take
        :data:`STATEMENT_TIMEOUT` at the most
    :returns: the store
    :raises StoreNotConfigured: when [lockstatus]connection is not set
    :raises StoreUrlInvalid: when it is no URL of a database that is supported
    """
    url = _parse(conf.lockstatus.connection)
    # NOTE: the filters of oslo.db and the tables' options know MariaDB by that
    # name alone.
    url = url.set(drivername=url.drivername.replace('mariadb', 'mysql', 1))
    limits = _limits(url.get_driver_name(), limited)
    url = url.set(query={**limits, **url.query})
    transactions = enginefacade.transaction_context()
    # NOTE: with its default of 10, oslo.db would sleep for 100 seconds where
    # nobody answers. Who uses the store comes back by themselves.
    transactions.configure(
        connection=url.render_as_string(hide_password=False), max_retries=0)
    return Store(url, transactions)


def _limits(driver: str, limited: bool) -> dict[str, str]:
    """Return the parameters of a URL that say how long to wait."""
    if driver not in _MYSQL_DRIVERS + _POSTGRESQL_DRIVERS:
        return {}
    limits = {'connect_timeout': str(CONNECT_TIMEOUT)}
    if limited and driver in _MYSQL_DRIVERS:
        limits['read_timeout'] = limits['write_timeout'] = str(
            STATEMENT_TIMEOUT)
    elif limited:
        # NOTE: libpq waits for an answer without end. The server ends what
        # takes it too long, and the kernel notices a machine that is gone.
        milliseconds = str(1000 * STATEMENT_TIMEOUT)
        limits['options'] = '-c statement_timeout=' + milliseconds
        limits['tcp_user_timeout'] = milliseconds
        limits['keepalives_idle'] = limits['keepalives_interval'] = str(
            CONNECT_TIMEOUT)
    return limits


def _parse(text: str | None) -> Any:
    if not text:
        raise exception.StoreNotConfigured()
    try:
        url = engine.make_url(text)
        backend = url.get_backend_name()
        url.get_driver_name()
    except exc.NoSuchModuleError:
        backend = None
    except (exc.ArgumentError, ValueError):
        # What they say may have the password in it.
        raise exception.StoreUrlInvalid(
            problem='it is no URL of SQLAlchemy') from None
    except ImportError as error:
        raise exception.StoreUrlInvalid(problem=error) from error
    if backend not in _BACKENDS:
        raise exception.StoreUrlInvalid(
            problem='nova-lockstatus knows how to use sqlite, mysql, mariadb '
            'and postgresql')
    if backend == 'sqlite' and url.database in (None, '', ':memory:'):
        raise exception.StoreUrlInvalid(
            problem='it names no file, and what is in memory ends with the '
            'process')
    return url


def _lacks_table(error: BaseException) -> bool:
    # NOTE: oslo.db knows it of SQLite. MySQL's it leaves as SQLAlchemy has it,
    # PostgreSQL's it takes for any error.
    inner = getattr(error, 'inner_exception', error)
    cause = getattr(inner, 'orig', inner)
    return (getattr(cause, 'args', ())[:1] == (_MYSQL_NO_TABLE,)
            or _POSTGRESQL_NO_TABLE in (getattr(cause, 'pgcode', None),
                                        getattr(cause, 'sqlstate', None)))


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip('.')
