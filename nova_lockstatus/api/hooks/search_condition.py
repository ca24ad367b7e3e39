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

"""Lets hooks put conditions of SQLAlchemy among the filters of Nova's list.

Nova makes conditions of filters that it knows, by words that a caller may have
sent, and some words the database does not take. A :class:`Condition` stands
under the key of a filter in its place.
"""

from collections.abc import Callable
from typing import Any

from nova_lockstatus.api.hook import Hook


class Condition:
    """A condition among the filters, which Nova copies deeply.

    :param clause: of SQLAlchemy, on the columns of instances
    """

    def __init__(self, clause: Any) -> None:
        self.clause = clause

    def __deepcopy__(self, memo: Any) -> 'Condition':
        return self


def _exact_instance_filter(original: Callable[..., Any], query: Any,
                           filters: dict[str, Any], *args: Any,
                           **kwargs: Any) -> Any:
    for key, value in list(filters.items()):
        if isinstance(value, Condition):
            del filters[key]
            query = query.filter(value.clause)
    return original(query, filters, *args, **kwargs)


# NOTE: since before release 20, in nova.db.main since 25. It gets a deep copy
# of the filters, before Nova makes regular expressions of the others.
HOOKS = (
    Hook('nova.db.main.api:', '_exact_instance_filter',
         ('query', 'filters', 'legal_keys'), _exact_instance_filter),
)
