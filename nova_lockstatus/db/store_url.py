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


"""Checks the URL in [lockstatus]connection, without connecting anywhere."""

from __future__ import annotations

import contextlib
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import engine
from sqlalchemy import exc

from nova_lockstatus import exception

_BACKENDS = ('sqlite', 'mysql', 'mariadb', 'postgresql')

_MAX_PORT = 65535

# Parameters of MySQL's drivers that can name the database instead of the URL.
_NAMES_DATABASE = {'database', 'db', 'read_default_file'}


def read(conf: cfg.ConfigOpts) -> str:
    """Read [lockstatus]connection.

    :param conf: Nova's configuration with the plugin's options
    :raises StoreNotConfigured: when it is not set
    :raises StoreUrlInvalid: when oslo.config cannot read it
    """
    try:
        text = conf.lockstatus.connection
    except (cfg.Error, ValueError):
        # The message may contain a part of the password.
        raise exception.StoreUrlInvalid(
            problem='a dollar sign in it begins the name of an option: write '
            '$$ for a dollar sign') from None
    if not text:
        raise exception.StoreNotConfigured()
    return str(text)


def is_configured(conf: cfg.ConfigOpts) -> bool:
    """Tell whether [lockstatus]connection is set, right or wrong."""
    try:
        read(conf)
    except exception.StoreNotConfigured:
        return False
    except exception.StoreUrlInvalid:
        pass
    return True


def parse(text: str) -> Any:
    """Parse a URL, and check all in it that can be checked here.

    :returns: the URL of SQLAlchemy. MariaDB has the name of MySQL
    :raises StoreUrlInvalid: when it cannot be used. The message has neither
        the password nor the value of a parameter
    """
    try:
        url = engine.make_url(text)
        backend = url.drivername.partition('+')[0]
    except (exc.ArgumentError, ValueError):
        # The messages may contain the password.
        raise exception.StoreUrlInvalid(
            problem='it is no URL of SQLAlchemy') from None
    if backend not in _BACKENDS:
        raise exception.StoreUrlInvalid(
            problem='nova-lockstatus knows how to use sqlite, mysql, mariadb '
            'and postgresql')
    # NOTE: the filters of oslo.db and the tables' options know MariaDB by that
    # name alone.
    url = url.set(drivername=url.drivername.replace('mariadb', 'mysql', 1))
    problem = (_problem_of_file(url) if backend == 'sqlite'
               else _problem_of_server(url))
    if problem is None:
        problem = _problem_of_driver(url)
    if problem is not None:
        raise exception.StoreUrlInvalid(problem=problem)
    return url


def _problem_of_file(url: Any) -> str | None:
    if url.host or url.username or url.password or url.port:
        return ('it names a server, which SQLite does not have: a file is '
                'sqlite:////path, with four slashes')
    if (url.database in (None, '', ':memory:')
            or url.database.startswith('file::memory:')
            or url.query.get('mode') == 'memory'):
        return ('it names no file, and what is in memory ends with the '
                'process')
    return None


def _problem_of_server(url: Any) -> str | None:
    if '@' in (url.host or '') + (url.database or ''):
        return ('there is a @ where it names the host or the database: write '
                '%40 for a @, and %2F for a slash, in the user and the '
                'password')
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        return 'it names port %d, and the last is %d' % (url.port, _MAX_PORT)
    if (not url.database and url.drivername.startswith('mysql')
            and not _NAMES_DATABASE & set(url.query)):
        return 'it names no database after the host'
    return None


def _problem_of_driver(url: Any) -> str | None:
    driver = url.drivername.partition('+')[2]
    if url.drivername.endswith('+'):
        return 'it names no driver after the +'
    try:
        _try_driver(url)
        return None
    except ImportError as error:
        return 'its driver is not installed: %s' % describe(error)
    except exc.NoSuchModuleError:
        return ('SQLAlchemy has no driver %s' % driver
                if 'plugin' not in url.query else
                'SQLAlchemy does not have what its parameter plugin names')
    except UnicodeError:
        # The message may contain a part of the password.
        return ('the driver does not take a character of its user, password '
                'or database')
    except Exception as error:
        # Each driver has exceptions of its own.
        return explain(url, error)


def _try_driver(url: Any) -> None:
    """Have the driver check its parameters, as far as it can by itself.

    :raises Exception: when it does not take them, each driver its own
    """
    dialect = sa.create_engine(url).dialect
    if getattr(dialect, 'is_async', False):
        raise ValueError('it works with asyncio alone')
    args, kwargs = dialect.create_connect_args(url)
    # NOTE: SQLAlchemy 2 has another name for it, and keeps this one.
    driver: Any = dialect.dbapi
    if dialect.driver == 'pymysql':
        driver.connect(*args, **{**kwargs, 'defer_connect': True})
    elif dialect.driver == 'psycopg2':
        driver.extensions.make_dsn(*args, **kwargs)


def explain(url: Any, error: BaseException) -> str:
    """Say in one line what the driver does not take.

    :param error: the exception of the driver, or of SQLAlchemy
    """
    names = _wrong_parameters(url) or sorted(url.query)
    if not names:
        return 'the driver does not take it (%s)' % describe(error)
    return 'the driver does not take the parameter%s %s (%s)' % (
        's' if len(names) > 1 else '', ', '.join(names), describe(error))


def _wrong_parameters(url: Any) -> list[str]:
    """Return those of the parameters that the driver takes in no case."""
    wrong = []
    for name, value in sorted(url.query.items()):
        taken = False
        with contextlib.suppress(Exception):
            _try_driver(url.set(query={name: value}))
            taken = True
        if not taken:
            wrong.append(name)
    return wrong


def describe(error: BaseException) -> str:
    """Return the first line of an error, with its type where that helps."""
    if isinstance(error, UnicodeError):
        # The text may contain a part of the password.
        return type(error).__name__
    lines = str(error).strip().splitlines()
    text = lines[0].rstrip('.') if lines else ''
    if isinstance(error, (AssertionError, AttributeError, LookupError)):
        return ': '.join(filter(None, (type(error).__name__, text)))
    return text or type(error).__name__
