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

"""Empty databases on servers, and the plugin's store in them."""

import contextlib
import os
import uuid

import sqlalchemy
from oslo_config import cfg
from sqlalchemy import exc

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus.db import database

MARIADB = os.environ.get('NOVA_LOCKSTATUS_TEST_DATABASE',
                         'mysql+pymysql://root@127.0.0.1')
POSTGRESQL = os.environ.get(
    'NOVA_LOCKSTATUS_TEST_POSTGRESQL',
    'postgresql+psycopg2://postgres@127.0.0.1/postgres')


def configure(url):
    """Make a configuration that names a store.

    :param url: of the store, None for no store
    :returns: the configuration
    """
    conf = cfg.ConfigOpts()
    lockstatus_conf.register_opts(conf)
    conf([], project='nova', default_config_files=[], default_config_dirs=[])
    conf.set_override('connection', url, 'lockstatus')
    return conf


def open_store(case, url):
    """Open a store until the test ends.

    :param case: the test case
    :param url: of the store
    :returns: the store
    """
    store = database.open_store(configure(url))

    def close():
        # What was never used has no engine, and would make one.
        with contextlib.suppress(Exception):
            store.transactions.writer.get_engine().dispose()

    case.addCleanup(close)
    return store


@contextlib.contextmanager
def cut_off(store):
    """Have one process not reach the store, while others do.

    :param store: as that process has opened it
    """
    engine = store.transactions.writer.get_engine()

    def fail(*args):
        raise OSError('No route to host')

    sqlalchemy.event.listen(engine, 'before_cursor_execute', fail)
    try:
        yield
    finally:
        sqlalchemy.event.remove(engine, 'before_cursor_execute', fail)


def create(case, server_url, kind='store', **query):
    """Create an empty database on a server until the test ends.

    :param case: the test case, or a fixture
    :param server_url: of the server
    :param kind: a word in the name of the database
    :param query: what the URL has after a question mark
    :returns: the URL of the database
    """
    name = 'nova_lockstatus_%s_%s' % (kind, uuid.uuid4().hex[:12])
    server = sqlalchemy.create_engine(server_url,
                                      isolation_level='AUTOCOMMIT')
    case.addCleanup(server.dispose)

    def execute(statement):
        with server.connect() as connection:
            connection.execute(sqlalchemy.text(statement % name))

    execute('CREATE DATABASE %s')
    case.addCleanup(execute, 'DROP DATABASE %s')
    return sqlalchemy.engine.make_url(server_url).set(
        database=name).update_query_dict(query).render_as_string(
            hide_password=False)


def unreachable(server_url):
    """Tell why a server cannot be used.

    :param server_url: of the server
    :returns: the reason, None where it can
    """
    try:
        engine = sqlalchemy.create_engine(server_url)
        with engine.connect():
            return None
    except (ImportError, exc.SQLAlchemyError) as error:
        return 'No database server at %s: %s' % (
            sqlalchemy.engine.make_url(server_url).render_as_string(), error)
