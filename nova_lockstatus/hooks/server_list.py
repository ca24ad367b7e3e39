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
extensions show, of the servers that can have them: one statement for each cell
that such a server is in, whatever the length of the list.
"""

import collections
from collections.abc import Callable, Sequence
from typing import Any

from nova import context as nova_context
from nova.db.main import api as db
from nova.db.main import models

from nova_lockstatus import answer as answers
from nova_lockstatus.hooks import base

LISTER = 'nova.compute.instance_list:InstanceLister'


def read_system_metadata(answer: answers.Answer, context: Any) -> None:
    """Read what the fields of a list's servers need and Nova did not load.

    :param answer: the answer, which keeps what is read; where a cell does not
        give it, the answer remembers that, and the fields are left out
    :param context: the caller's RequestContext
    """
    reads = answer.pipeline.reads_system_metadata
    wanted: dict[str, list[str]] = collections.defaultdict(list)
    cells = {}
    for instance in answer.instances():
        cell = answer.cells.get(instance.uuid)
        if cell is not None and reads(instance):
            cells[cell.uuid] = cell
            wanted[cell.uuid].append(instance.uuid)
    if not cells:
        return
    reader = _Reader(wanted, answer.pipeline.system_metadata_keys)
    results = nova_context.scatter_gather_cells(
        context, list(cells.values()), nova_context.CELL_TIMEOUT, reader.read)
    for cell_uuid, result in results.items():
        if nova_context.is_cell_failure_sentinel(result):
            answer.add_unread(wanted[cell_uuid], result)
        else:
            answer.add_system_metadata(result)


class _Reader:
    """Reads rows of system metadata in one cell after the other.

    :param wanted: the uuids of the servers, by cell
    :param keys: the keys of the rows
    """

    def __init__(self, wanted: dict[str, list[str]],
                 keys: frozenset[str]) -> None:
        self._wanted = wanted
        self._keys = keys

    def read(self, context: Any) -> dict[str, dict[str, str]]:
        row = models.InstanceSystemMetadata
        found: dict[str, dict[str, str]] = collections.defaultdict(dict)
        with db.get_context_manager(context).reader.using(context) as session:
            # NOTE: rows that are marked as deleted are read as well, as Nova
            # does: they belong to servers that are deleted themselves.
            for uuid, key, value in session.query(
                row.instance_uuid, row.key, row.value
            ).filter(
                row.instance_uuid.in_(self._wanted[context.cell_uuid]),
                row.key.in_(self._keys)
            ).order_by(row.id):
                found[uuid][key] = value
        return found


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
        for cell in lister.cells or nova_context.CELLS:
            if cell.uuid == context.cell_uuid:
                answer.cells.update(dict.fromkeys(
                    (record['uuid'] for record in records), cell))
    return records


# NOTE: InstanceLister lists servers over all cells and calls get_by_filters()
# in each, with a context that is targeted at the cell, since release 17. What
# it returns are the servers' columns. It is the last place where it is known
# which cell a server of the list is in.
HOOKS = (
    base.Hook(LISTER, '__init__', ('self', 'sort_keys', 'sort_dirs'), _init),
    base.Hook(LISTER, 'get_by_filters',
              ('self', 'ctx', 'filters', 'limit', 'marker'), _get_by_filters,
              relies_on=('nova.context:scatter_gather_cells',
                         'nova.context:is_cell_failure_sentinel',
                         'nova.context:CELL_TIMEOUT',
                         'nova.context:CELLS',
                         'nova.db.main.api:get_context_manager',
                         'nova.db.main.models:InstanceSystemMetadata')),
)
