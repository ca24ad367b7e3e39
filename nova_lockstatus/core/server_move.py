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


"""Decides which rows have the lock of a server that changes its cell.

A cross-cell resize copies the server's row into the target cell, hidden, and
leaves the old one in the source cell until the resize is confirmed or
reverted. Source: Nova's ``conductor/tasks/cross_cell_migrate.py``.
"""

from typing import NamedTuple

ENDED = ('confirmed', 'reverted')
"""The statuses of a migration after which one row is left."""

FAILED = ('cancelled', 'completed', 'done', 'error', 'failed')
"""The further statuses of a migration that has ended."""

PREPARING = 'resize_prep'
"""The task state until Nova has copied the row, and saved both copies."""


class Migration(NamedTuple):
    """The newest migration of a server, as the cell that shows it has it.

    :param crosses_cells: whether it leads to another cell
    :param source: the name of the source host
    :param dest: the name of the target host, None until it has claimed
        resources for the server
    """

    crosses_cells: bool
    status: str | None
    source: str | None
    dest: str | None


def is_copied(task_state: str | None, migration: Migration | None) -> bool:
    """Tell whether Nova may be about to copy a row as it was before.

    :param task_state: the server's
    :param migration: its newest one, or None
    """
    return task_state == PREPARING and (
        migration is None or not migration.dest
        or migration.status in (*ENDED, *FAILED))


def other_hosts(migration: Migration | None) -> tuple[str, ...]:
    """Tell on which hosts the rows of a server are, where there are two.

    :param migration: its newest one, or None
    :returns: the source and the target host of a migration that crosses
        cells, in this order; nothing where there is one row
    """
    if (migration is None or migration.status in ENDED
            or not migration.crosses_cells
            or not migration.source or not migration.dest):
        return ()
    return migration.source, migration.dest


def is_saved_whole(migration: Migration, in_source: bool) -> bool:
    """Tell whether Nova is about to save what it has read of a server.

    :param migration: one that crosses cells
    :param in_source: whether the cell of its source host shows the server
    """
    # The confirmation ends with such a save in the target cell. The revert
    # begins with one in the source cell, and shows the server there after it.
    return not in_source and migration.status in ('confirming', 'reverting')
