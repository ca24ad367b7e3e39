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

"""Rows in the database of a cell, for what no small cloud can run."""

import uuid

from nova_lockstatus.tests.integration.cloud import engines

PREFIX = 'many-'
"""What the names of all begin with."""

_LOCKED_EVERY = 10
_PROJECTS = 50


def add_servers(schema, host, count):
    """Have a host have more servers: every tenth is locked, with a reason.

    Nobody can do anything with them but read them in the cell.

    :param schema: the cell's
    :param host: the name of the host
    :param count: how many
    """
    uuids = [str(uuid.uuid4()) for _ in range(count)]
    servers = ', '.join(
        "('%s', '%s', 0, '%s%d', 'active', '%032x', '%032x', 0, %d, %s)" % (
            server_id, host, PREFIX, number, number % _PROJECTS,
            number % _PROJECTS, not number % _LOCKED_EVERY,
            'NULL' if number % _LOCKED_EVERY else "'owner'")
        for number, server_id in enumerate(uuids))
    reasons = ', '.join(
        "('%s', 'locked_reason', 'unpaid invoice 4711', 0)" % server_id
        for server_id in uuids[::_LOCKED_EVERY])
    engines.execute(
        schema,
        'INSERT INTO instances (uuid, host, deleted, display_name, vm_state, '
        'project_id, user_id, hidden, locked, locked_by) VALUES ' + servers,
        'INSERT INTO instance_system_metadata '
        '(instance_uuid, `key`, value, deleted) VALUES ' + reasons)


def remove_servers(schema):
    """Take back what :func:`add_servers` has added.

    :param schema: the cell's
    """
    named = "display_name LIKE '%s%%%%'" % PREFIX
    engines.execute(
        schema,
        'DELETE FROM instance_system_metadata WHERE instance_uuid IN '
        '(SELECT uuid FROM instances WHERE %s)' % named,
        'DELETE FROM instances WHERE ' + named)


def add_hosts(schema, count, prefix=PREFIX):
    """Have a cell have more hosts, which have reported just now.

    :param schema: the cell's
    :param count: how many
    :param prefix: what their names begin with, PREFIX itself first
    """
    engines.execute(schema, (
        'INSERT INTO services (uuid, host, services.binary, topic, '
        'report_count, disabled, forced_down, deleted, version, '
        'last_seen_up) VALUES ' + ', '.join(
            "('%s', '%s%d', 'nova-compute', 'compute', 1, 0, 0, 0, "
            '(SELECT max(version) FROM services AS others), utc_timestamp())'
            % (uuid.uuid4(), prefix, number) for number in range(count))))


def silence_hosts(schema, seconds):
    """Have the hosts of :func:`add_hosts` not have reported for some time.

    :param schema: the cell's
    :param seconds: how long
    """
    engines.execute(
        schema, 'UPDATE services SET last_seen_up = utc_timestamp() - '
        "INTERVAL %d SECOND WHERE host LIKE '%s%%%%'" % (seconds, PREFIX))


def remove_hosts(schema):
    """Take back what :func:`add_hosts` has added.

    :param schema: the cell's
    """
    engines.execute(
        schema, "DELETE FROM services WHERE host LIKE '%s%%%%'" % PREFIX)
