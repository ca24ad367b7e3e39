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

"""Reads the little system metadata that a list of servers needs.

Nova reads all system metadata of all servers of a list from microversion 2.73
on, a score of rows for each, to show one of them. This asks for the rows that
extensions show, of the servers that can have them, with one statement for each
query that Nova itself makes in a cell, and none where no server can have one.
"""

import collections
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus import answer as answers
from nova_lockstatus.hooks import base

LISTER = 'nova.compute.instance_list:InstanceLister'


def _init(original: Callable[..., Any], lister: Any, *args: Any,
          **kwargs: Any) -> None:
    original(lister, *args, **kwargs)
    # The lister works in threads of its own, one for each cell.
    lister.lockstatus_answer = answers.CURRENT.get()


def _get_by_filters(original: Callable[..., Any], lister: Any, context: Any,
                    *args: Any, columns_to_join: Sequence[str] | None = None,
                    **kwargs: Any) -> Any:
    records = original(lister, context, *args,
                       columns_to_join=columns_to_join, **kwargs)
    answer = lister.lockstatus_answer
    if (answer is not None and answer.is_list
            and 'system_metadata' not in (columns_to_join or ())):
        _gather(answer, context, records)
    return records


def _gather(answer: answers.Answer, context: Any,
            records: Sequence[Any]) -> None:
    try:
        answer.add_system_metadata(_find(answer, context, records))
    except Exception as error:
        # The fields that need it are left out, and the log says why.
        answer.add_unread([record['uuid'] for record in records], error)


def _find(answer: answers.Answer, context: Any,
          records: Iterable[Any]) -> dict[str, dict[str, str]]:
    reads = answer.pipeline.reads_system_metadata
    deleted = {record['uuid']: bool(record['deleted'])
               for record in records if reads(record)}
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    if deleted:
        keys = answer.pipeline.system_metadata_keys
        for uuid, key, value, is_removed in _read(context, deleted, keys):
            # As Nova reads it: a removed row only shows in a deleted server.
            if not is_removed or deleted[uuid]:
                found[uuid][key] = value
    return found


@db.pick_context_manager_reader  # type: ignore[untyped-decorator]
def _read(context: Any, uuids: Iterable[str], keys: Iterable[str]) -> Any:
    row = models.InstanceSystemMetadata
    return context.session.query(
        row.instance_uuid, row.key, row.value, row.deleted
    ).filter(
        row.instance_uuid.in_(uuids), row.key.in_(keys)
    ).order_by(row.id).all()


# NOTE: InstanceLister lists servers over all cells and calls get_by_filters()
# in each, with a context that is targeted at the cell, since release 17. What
# it returns are the servers' columns.
HOOKS = (
    base.Hook(LISTER, '__init__', ('self', 'sort_keys', 'sort_dirs'), _init),
    base.Hook(LISTER, 'get_by_filters',
              ('self', 'ctx', 'filters', 'limit', 'marker'), _get_by_filters),
)
