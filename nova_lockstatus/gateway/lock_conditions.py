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

"""Selects the servers that have certain locks."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy
from nova.db.main import models
from oslo_utils import timeutils

from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.core import server_locks
from nova_lockstatus.core.lock_query import LockQuery
from nova_lockstatus.gateway import lock_places

_ROW = models.Instance
_METADATA = models.InstanceSystemMetadata


def of_servers(query: LockQuery, start: str) -> Iterable[Any]:
    """Yield the conditions of the servers that have locks.

    :param query: which locks
    :param start: the first group of the uuid of a server to find in any case,
        or another text
    """
    if query.project_id is not None:
        yield _ROW.project_id == query.project_id
    if query.host is not None:
        yield _ROW.host == query.host
    fitting = [sqlalchemy.exists().where(
        _METADATA.instance_uuid == _ROW.uuid, _METADATA.deleted == 0,
        _METADATA.key.startswith(lock_rows.RECORD_PREFIX, autoescape=True),
        _METADATA.key.endswith(':0'), *_record_conditions(query))]
    # The lock that Nova has may have no record, and then only this is known.
    if (query.level in (None, lock_record.CHANGE) and query.origin is None
            and not query.expired):
        fitting.append(
            _ROW.locked_by.is_not(None) if query.locked_by is None
            else _ROW.locked_by == query.locked_by)
    if len(start) == server_locks.SERVER_PART:
        # The lock of the marker may have changed since the page before.
        fitting.append(_ROW.uuid < start + lock_places.BEHIND)
    yield sqlalchemy.or_(*fitting)


def _record_conditions(query: LockQuery) -> Iterable[Any]:
    """Yield conditions that the first row of each fitting lock meets.

    What a lock is in the end, the rows alone do not tell:
    :meth:`LockQuery.has` does.
    """
    value = _METADATA.value
    # A lock that Nova does not know of is none any more.
    yield sqlalchemy.or_(_ROW.locked_by.is_not(None), _contains(
        value, 'level', lock_record.DELETE))
    for field in ('level', 'origin', 'locked_by'):
        wanted = getattr(query, field)
        if wanted is not None:
            yield _contains(value, field, wanted)
    if query.expired is not None:
        ended = sqlalchemy.and_(
            value.startswith(lock_rows.UNTIL_PREFIX, autoescape=True),
            value <= lock_rows.UNTIL_PREFIX
            + timeutils.utcnow().strftime(lock_rows.TIME_FORMAT))
        yield ended if query.expired else sqlalchemy.not_(ended)


def _contains(value: Any, field: str, wanted: str) -> Any:
    # In what a caller gives, each quotation mark has a backslash before it.
    return value.contains('"%s": "%s"' % (field, wanted), autoescape=True)
