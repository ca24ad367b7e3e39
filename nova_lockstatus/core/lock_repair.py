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

"""Decides which locks of a server were damaged by a save of Nova's.

nova-compute and nova-conductor store all system metadata of a server anew from
the copy that they have read before. Then locks that were made meanwhile are
gone, and locks that were lifted meanwhile are back.
"""

from typing import NamedTuple

Rows = tuple[tuple[str, str], ...]
"""Keys and values of system metadata, in their order."""


class StoredRows(NamedTuple):
    """The rows that have the locks of a server.

    :param uuid: of the server
    :param is_idle: whether no task is under way
    :param change: the id of the last recorded change of its locks, None where
        there is none or it is not finished
    """

    uuid: str
    is_idle: bool
    change: int | None
    rows: Rows


def known(stored: StoredRows, before: StoredRows | None
          ) -> StoredRows | None:
    """Return what is known to be right after a look.

    :param stored: what is stored now
    :param before: what was known to be right before, or None
    :returns: None where nothing is known. Each change of locks is recorded in
        the transaction that writes them: without one, they are as before
    """
    if stored.change is None:
        return before
    if before is not None and before.change == stored.change:
        return before
    return stored


def repaired(stored: StoredRows, before: StoredRows | None) -> Rows | None:
    """Return the rows that a server should have.

    :param stored: what is stored now
    :param before: what was known to be right before, or None
    :returns: the rows, None where nothing is to be repaired
    """
    if (before is None or stored.change != before.change
            or stored.rows == before.rows or not stored.is_idle):
        # Nova may save a server that is not idle once more.
        return None
    return before.rows
