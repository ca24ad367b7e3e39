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

"""Which columns an answer has."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nova_lockstatus.osc import offer as offers


class Column(NamedTuple):
    """A column.

    :param title: its head
    :param key: of the value in a row
    :param capability: without which no cloud has the key
    """

    title: str
    key: str
    capability: offers.Capability | None = None


def choose(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    offer: offers.Offer,
) -> list[Column]:
    """Leave out the columns that the cloud gives nothing for.

    :param columns: those that could be
    :param rows: what the cloud gave
    :param offer: what it gives in general, which counts if there are no rows
    :returns: those that at least one row has the key of
    """
    if rows:
        return [column for column in columns
                if any(column.key in row for row in rows)]
    return [column for column in columns
            if column.capability is None or offer.gives(column.capability)]


def lay_out(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    offer: offers.Offer,
) -> tuple[list[str], list[list[Any]]]:
    """Make a table.

    :param columns: those that could be
    :param rows: what the cloud gave
    :param offer: what it gives in general
    :returns: heads and cells, as cliff's Lister wants them
    """
    chosen = choose(columns, rows, offer)
    return ([column.title for column in chosen],
            [[row.get(column.key) for column in chosen] for row in rows])
