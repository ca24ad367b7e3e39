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

"""What is in the databases of a cloud."""

import re

import sqlalchemy

from nova_lockstatus.core import lock_reason
from nova_lockstatus.tests.upgrade import cloud

NAMES = ('api', 'cell0', *cloud.CELLS)
"""Nova's own databases."""


def schemas(made):
    """Read how the tables of Nova's databases are made.

    :param made: the Cloud
    :returns: the lines that make each, sorted, by database and table
    """
    found = {}
    for name in NAMES:
        with made.engine(name).connect() as connection:
            for table in _tables(connection):
                found[name, table] = _definition(connection, table)
    return found


def _tables(connection):
    return sqlalchemy.inspect(connection).get_table_names()


def _definition(connection, table):
    [[_table, sql]] = connection.exec_driver_sql(
        'SHOW CREATE TABLE `%s`' % table)
    # NOTE: SQLAlchemy adds indexes in any order.
    return sorted(line.rstrip(',') for line in re.sub(
        r' AUTO_INCREMENT=\d+', '', sql).splitlines())


def counts(made):
    """Count the rows of Nova's databases.

    :param made: the Cloud
    :returns: the numbers by database and table, but for rows of system
        metadata: those by database and key
    """
    found = {}
    for name in NAMES:
        with made.engine(name).connect() as connection:
            for table in _tables(connection):
                what = ('`key`' if table == 'instance_system_metadata'
                        else "'%s'" % table)
                found.update({
                    (name, kind): number for kind, number in
                    connection.exec_driver_sql(
                        'SELECT %s, count(*) FROM `%s` GROUP BY 1'
                        % (what, table))})
    return found


def of_plugin(made, server_id):
    """Count the rows of a server that stock Nova does not write.

    :param made: the Cloud
    :param server_id: its id
    :returns: how many there are in the cells, in shadow tables too
    """
    number = 0
    for name in cloud.CELLS:
        with made.engine(name).connect() as connection:
            for shadow in ('', 'shadow_'):
                number += connection.execute(sqlalchemy.text(
                    'SELECT count(*) FROM %sinstance_system_metadata '
                    'WHERE `key` IN (:high, :low) AND instance_uuid = :uuid'
                    % shadow), {'high': lock_reason.HIGH_KEY,
                                'low': lock_reason.LOW_KEY,
                                'uuid': server_id}).scalar()
    return number
