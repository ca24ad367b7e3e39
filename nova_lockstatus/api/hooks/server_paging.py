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

"""Puts servers in order, and begins a page where the one before it ended.

Nova finds the rows of a page with comparisons. A row without a value meets
none of them, and a marker without one cannot be compared with. So Nova loses
servers, or shows them twice, in an order by ``locked_by``, which unlocked
servers do not have, or by ``locked`` of rows that are older than locks.
MariaDB compares ``locked_by`` as text, but sorts it as its type lists the
values. PostgreSQL puts rows without a value last.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy
from nova import exception as nova_exception
from nova.db import utils as db_utils
from nova.db.main import api as db
from nova.db.main import models
from oslo_db.sqlalchemy import utils as sqlalchemyutils

from nova_lockstatus.api import policy
from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.extensions import server_locked_status

ALIAS = server_locked_status.ServerLockedStatus.alias


def following(keys: Sequence[str], directions: Sequence[str],
              values: Sequence[Any]) -> Any:
    """Make the condition of a server coming after another one in an order.

    No value comes before any other, as SQLite and MariaDB sort, and the cells'
    rows are merged.

    :param keys: the columns that the servers are sorted by, uuid among them,
        so that no other server has the same in all
    :param directions: ``asc`` or ``desc`` for each
    :param values: what the other server has in them
    """
    ways = []
    same: list[Any] = []
    for key, direction, value in zip(keys, directions, values, strict=True):
        column = _comparable(key)
        if isinstance(value, bool):
            value = int(value)
        ways.append(sqlalchemy.and_(*same, _beyond(column, direction, value)))
        same.append(column.is_(None) if value is None else column == value)
    return sqlalchemy.or_(*ways)


def _comparable(key: str) -> Any:
    """Return a column as what it is sorted and compared by."""
    column = getattr(models.Instance, key)
    if isinstance(column.type, sqlalchemy.Boolean):
        # NOTE: SQLAlchemy has no < and > for booleans.
        return sqlalchemy.cast(column, sqlalchemy.Integer)
    if isinstance(column.type, sqlalchemy.Enum):
        # The cells' rows are merged as text, too.
        return sqlalchemy.cast(column, sqlalchemy.String)
    return column


def _ordered(column: Any, direction: str, dialect: str) -> Any:
    """Put no value before any other, or behind all in descending order."""
    order = column.desc() if direction == 'desc' else column.asc()
    if dialect != 'postgresql':
        # MariaDB does not know the words.
        return order
    return order.nulls_last() if direction == 'desc' else order.nulls_first()


def _beyond(column: Any, direction: str, value: Any) -> Any:
    if direction == 'desc':
        if value is None:
            return sqlalchemy.false()
        return sqlalchemy.or_(column < value, column.is_(None))
    if value is None:
        return column.is_not(None)
    return column > value


def _paginate_query(original: Callable[..., Any], state: RequestState,
                    query: Any, model: Any, limit: int | None,
                    sort_keys: Sequence[str], marker: Any = None,
                    **kwargs: Any) -> Any:
    if model is not models.Instance or not _concerns(state, sort_keys):
        return original(query, model, limit, sort_keys, marker, **kwargs)
    directions = kwargs['sort_dirs']
    checked = original(query, model, None, sort_keys, **kwargs)
    dialect = query.session.get_bind().dialect.name
    page = checked.order_by(None).order_by(*(
        _ordered(_comparable(key), direction, dialect)
        for key, direction in zip(sort_keys, directions, strict=True)))
    if marker is not None:
        values = [getattr(marker, key) for key in sort_keys]
        page = page.filter(following(sort_keys, directions, values))
    return page.limit(limit)


def _get_marker_record(original: Callable[..., Any], state: RequestState,
                       lister: Any, ctx: Any, marker: str) -> Any:
    cell_uuid, record = original(lister, ctx, marker)
    # NOTE: Nova takes anybody's server. Its place in the order tells what it
    # has in the columns.
    target = policy.target(record['project_id'], record['user_id'])
    for key in lister.sort_ctx.sort_keys:
        rule = state.pipeline.searchable.get(key)
        if (rule is not None and key not in state.servers.checked_by_nova
                and not policy.may(ctx, rule, target)):
            raise nova_exception.MarkerNotFound(marker=marker)
    return cell_uuid, record


def _get_marker_by_values(original: Callable[..., Any],
                          state: RequestState, lister: Any, ctx: Any,
                          values: Sequence[Any]) -> Any:
    keys = lister.sort_ctx.sort_keys
    if not _concerns(state, keys):
        return original(lister, ctx, values)
    # NOTE: as instance_get_all_by_filters_sort() does it, where a caller gives
    # fewer directions than keys.
    keys, directions = db_utils.process_sort_params(
        keys, lister.sort_ctx.sort_dirs, default_keys=[], default_dir='desc')
    with db.get_context_manager(ctx).reader.allow_async.using(ctx) as session:
        # As Nova does it, whatever the list is filtered by: this is only the
        # place where the cell's part of the page begins.
        query = session.query(models.Instance.uuid).filter(
            following(keys, directions, values))
        return sqlalchemyutils.paginate_query(
            query, models.Instance, 1, keys, sort_dirs=directions).scalar()


def _concerns(state: RequestState, keys: Sequence[str]) -> bool:
    return not state.pipeline.searchable.keys().isdisjoint(keys)


# NOTE: the marker is one server. The cell that has it lists what comes after
# with paginate_query(); InstanceLister asks each other cell for the first
# server that would, with get_marker_by_values(), and lists from there on. Both
# since release 17, and while the request is answered, not in a thread: what
# CrossCellLister gives to its threads are generators.
HOOKS = (
    Hook('nova.db.main.api:sqlalchemyutils', 'paginate_query',
         ('query', 'model', 'limit', 'sort_keys', 'marker', 'sort_dir',
          'sort_dirs'),
         _paginate_query, alias=ALIAS,
         relies_on=('nova.db.main.models:Instance',)),
    Hook('nova.compute.instance_list:InstanceLister',
         'get_marker_record', ('self', 'ctx', 'marker'),
         _get_marker_record, alias=ALIAS),
    Hook('nova.compute.instance_list:InstanceLister',
         'get_marker_by_values', ('self', 'ctx', 'values'),
         _get_marker_by_values, alias=ALIAS,
         relies_on=('nova.db.main.api:get_context_manager',
                    'nova.db.utils:process_sort_params')),
)
