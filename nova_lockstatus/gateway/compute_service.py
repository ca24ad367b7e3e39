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

"""Reads the compute services of hosts, and asks Nova whether they report."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy
from nova import servicegroup
from nova.db.main import models

from nova_lockstatus.core import host_status

_ROW = models.Service

COLUMNS = (_ROW.host, _ROW.topic, _ROW.forced_down, _ROW.disabled,
           _ROW.last_seen_up, _ROW.created_at)
"""What names the state of a host, with any of Nova's servicegroup drivers."""

HOST = _ROW.host
"""The column with the name of the host."""

LAST_REPORT = sqlalchemy.func.coalesce(_ROW.last_seen_up, _ROW.created_at)
"""When the host has last reported, as Nova's servicegroup driver ``db`` reads
it."""

_NAMES = tuple(column.key for column in COLUMNS)

IS_COMPUTE = (_ROW.binary == host_status.BINARY, _ROW.deleted == 0)
"""Which records count: not those of services that were deleted."""


def service_is_up() -> Callable[[Any], bool]:
    """Make the function that tells whether a service reports.

    :returns: what Nova's own API asks, of the driver that is configured
    """
    is_up: Callable[[Any], bool] = servicegroup.API().service_is_up
    return is_up


def record(values: Sequence[Any]) -> dict[str, Any]:
    """Make the record of a service, as a servicegroup driver takes it.

    :param values: those of :data:`COLUMNS`
    :returns: the record
    """
    # NOTE: the drivers read a Service by its keys, and with get().
    return {'binary': host_status.BINARY,
            **dict(zip(_NAMES, values, strict=True))}
