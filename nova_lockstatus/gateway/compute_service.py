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

"""The columns of hosts' compute services, and whether a service is up."""

import datetime
from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy
from nova import servicegroup
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus.core import host_status

_ROW = models.Service

COLUMNS = (_ROW.host, _ROW.topic, _ROW.forced_down, _ROW.disabled,
           _ROW.last_seen_up, _ROW.created_at, _ROW.deleted)
"""The columns that the status of a host is computed from, with any of Nova's
servicegroup drivers."""

HOST = _ROW.host
"""The column with the name of the host."""

LAST_REPORT = sqlalchemy.func.coalesce(_ROW.last_seen_up, _ROW.created_at)
"""The time of the last heartbeat, as Nova's servicegroup driver ``db`` reads
it."""

_NAMES = tuple(column.key for column in COLUMNS)

IS_COMPUTE = (_ROW.binary == host_status.BINARY, _ROW.deleted == 0)
"""The conditions of a compute service that was not deleted."""


def service_is_up() -> Callable[[Any], bool]:
    """Return the function that tells whether a service is up.

    :returns: the function of Nova's API, with the servicegroup driver that is
        configured
    """
    is_up: Callable[[Any], bool] = servicegroup.API().service_is_up
    return is_up


def last_reports(targeted: Any, hosts: Collection[str]
                 ) -> dict[str, datetime.datetime]:
    """Read the last heartbeats of hosts, with one statement.

    :returns: times in UTC without a time zone, by host
    """
    with db.get_context_manager(targeted).reader.using(targeted) as session:
        return dict(session.execute(
            sqlalchemy.select(HOST, LAST_REPORT)
            .where(*IS_COMPUTE, HOST.in_(hosts))).all())


def host_as_compared(session: Any) -> Callable[[str], str]:
    """Return the function whose results are equal for hosts that are equal.

    :param session: of the database that compares the names of hosts
    """
    # NOTE: the collation of Nova's tables on MySQL and MariaDB takes no notice
    # of case: nova-compute finds its service also where its host has become
    # another one in that.
    dialect = session.get_bind().dialect.name
    return str.lower if dialect in ('mysql', 'mariadb') else str


class Record(dict[str, Any]):
    """The record of a service, read by its keys or as an object of Nova."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error


def record(values: Sequence[Any]) -> Record:
    """Make the record of a service, as a servicegroup driver takes it."""
    # NOTE: the drivers read a Service by its keys, and with get().
    return Record(zip(_NAMES, values, strict=True),
                  binary=host_status.BINARY)
