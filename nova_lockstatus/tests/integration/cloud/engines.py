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

"""The database server and the message broker that a cloud is built over."""

import json
import os
import shlex
import shutil
import socket
import subprocess
import urllib.parse

import sqlalchemy
from sqlalchemy import exc

DATABASE = os.environ.get('NOVA_LOCKSTATUS_TEST_DATABASE',
                          'mysql+pymysql://root@127.0.0.1')

TRANSPORT = os.environ.get('NOVA_LOCKSTATUS_TEST_TRANSPORT',
                           'rabbit://guest:guest@127.0.0.1')

RABBITMQCTL = shlex.split(os.environ.get(
    'NOVA_LOCKSTATUS_TEST_RABBITMQCTL', 'rabbitmqctl'))
"""The only tool for virtual hosts that each RabbitMQ brings."""


class Unavailable(Exception):
    """There is nothing here to build a cloud over."""


def check():
    """Check that the servers answer.

    :raises Unavailable: when one does not
    """
    try:
        _execute('SELECT 1')
    except (ImportError, exc.SQLAlchemyError) as error:
        raise Unavailable('No database server at %s: %s' % (
            sqlalchemy.make_url(DATABASE).render_as_string(),
            error)) from error
    broker = broker_address()
    try:
        socket.create_connection(broker, timeout=5).close()
    except OSError as error:
        raise Unavailable('No RabbitMQ at %s: %s' % (
            broker[0], error)) from error
    if not shutil.which(RABBITMQCTL[0]):
        raise Unavailable(
            'Each cell needs a virtual host of RabbitMQ, and there is no '
            'program %s to make one.' % RABBITMQCTL[0])


def create(prefix, schemas, vhosts):
    """Create schemas and virtual hosts.

    :param prefix: the beginning of all their names
    :param schemas: the rest of each schema's name
    :param vhosts: the rest of each virtual host's name
    :raises Unavailable: when rabbitmqctl may not
    """
    _execute(*('CREATE DATABASE %s CHARACTER SET utf8' % (prefix + name)
               for name in schemas))
    user = urllib.parse.urlsplit(TRANSPORT.partition(',')[0]).username
    _rabbitmqctl('import_definitions', stdin=json.dumps({
        'vhosts': [{'name': prefix + name} for name in vhosts],
        'permissions': [
            {'user': user, 'vhost': prefix + name, 'configure': '.*',
             'write': '.*', 'read': '.*'} for name in vhosts]}))


def remove(prefix):
    """Remove all schemas and virtual hosts whose names begin so.

    :param prefix: the beginning
    :raises Unavailable: when rabbitmqctl may not
    """
    names = [name for name in _execute('SHOW DATABASES')
             if name.startswith(prefix)]
    _execute(*('DROP DATABASE ' + name for name in names))
    for name in _rabbitmqctl('-q', 'list_vhosts').splitlines():
        if name.startswith(prefix):
            _rabbitmqctl('delete_vhost', name)


def database_url(schema, port=None):
    """Tell the URL of a schema.

    :param schema: its name
    :param port: another one of this machine that leads to the server
    :returns: the URL, as Nova's options have it
    """
    url = sqlalchemy.make_url(DATABASE).set(
        database=schema, query={'charset': 'utf8'})
    if port is not None:
        url = url.set(host='127.0.0.1', port=port)
    return url.render_as_string(hide_password=False)


def transport_url(vhost, port=None):
    """Tell the URL of a virtual host.

    :param vhost: its name
    :param port: another one of this machine that leads to the server
    :returns: the URL, as Nova's options have it
    """
    url = urllib.parse.urlsplit(TRANSPORT)
    if port is not None:
        url = url._replace(netloc='%s@127.0.0.1:%d' % (
            url.netloc.rpartition('@')[0], port))
    return url._replace(path='/' + vhost).geturl()


def broker_address():
    """Tell where the message broker is.

    :returns: its host and port
    """
    url = urllib.parse.urlsplit(TRANSPORT.partition(',')[0])
    return url.hostname, url.port or 5672


def address():
    """Tell where the database server is.

    :returns: its host and port
    """
    url = sqlalchemy.make_url(DATABASE)
    return url.host, url.port or 3306


def execute(schema, *statements):
    """Change what is in a schema, past whatever else leads to it.

    :param schema: its name
    :param statements: the statements
    """
    _execute('USE ' + schema, *statements)


def select(schema, statement):
    """Ask a schema, past whatever else leads to it.

    :param schema: its name
    :param statement: the statement
    :returns: the first column
    """
    return _execute('USE ' + schema, statement)


def _execute(*statements):
    engine = sqlalchemy.create_engine(
        DATABASE, isolation_level='AUTOCOMMIT',
        poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        results = [connection.exec_driver_sql(statement)
                   for statement in statements]
        return [row[0] for row in results[-1]
                ] if results and results[-1].returns_rows else []


def _rabbitmqctl(*arguments, stdin=''):
    done = subprocess.run([*RABBITMQCTL, *arguments], input=stdin,
                          capture_output=True, text=True)
    if done.returncode:
        raise Unavailable('rabbitmqctl %s: %s' % (
            arguments[0], ' '.join((done.stderr or done.stdout).split())))
    return done.stdout
