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

"""The keys that an extension adds to servers and hypervisors.

``base.py`` has the names, too: an extension needs no other module.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

ABSENT: Any = object()
"""The value of a field that is not there for one subject."""


class Fallback(NamedTuple):
    """The value of a field where its rule refuses.

    :param rule: the policy rule that is checked then
    :param value: computes the value, or :data:`ABSENT`
    :param permits: tells which values of Nova's own the rule lets the caller
        see, where Nova's value stands; None: each
    """

    rule: str
    value: Callable[[Any], Any]
    permits: Callable[[Any], bool] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A key that an extension adds to each subject of a kind.

    A caller whom the rule ``os_compute_api:lockstatus:extra_keys`` refuses
    gets no key that Nova does not have, and Nova's own values.

    :param key: its name in the JSON
    :param rule: the policy rule that is checked before the value is computed,
        with the ``target`` of the subject
    :param value: computes what JSON can carry from a subject, or
        :data:`ABSENT`; a field whose function raises is left out of the answer
    :param nova_since: the microversion from which Nova itself has the key, as
        ``'2.73'``. From there on Nova's value stands, and is withheld where
        the rule refuses. None: Nova never has it
    :param nova_requires: whether Nova's schema requires the key from there
        on: it is null where it is withheld, otherwise it is absent
    :param replaces_nova: whether the value stands in place of Nova's from
        there on; Nova's stands where it cannot be computed
    :param fallback: the value where the rule refuses
    :param shown_alone: whether only a request for one subject has the field,
        such as GET /servers/{id}
    :param follows_nova: whether the rule withholds nothing that Nova itself
        shows while the operator has not changed it
    :param list_parameter: the query parameter that has lists show a field,
        too, that is ``shown_alone``
    """

    key: str
    rule: str
    value: Callable[[Any], Any]
    nova_since: str | None = None
    nova_requires: bool = True
    replaces_nova: bool = False
    fallback: Fallback | None = None
    shown_alone: bool = False
    follows_nova: bool = False
    list_parameter: str | None = dataclasses.field(default=None, kw_only=True)

    @property
    def rules(self) -> Iterable[str]:
        """Return all policy rules of the field."""
        return (self.rule, *([self.fallback.rule] if self.fallback else ()))


@dataclasses.dataclass(frozen=True, slots=True)
class ServerField(Field):
    """A key that an extension adds to servers, computed from a Server.

    The target of its rules are the server's ``project_id`` and ``user_id``.

    :param searchable: whether Nova can filter and sort servers by a column
        of the name ``key``. Who may see the field may then do so, at every
        microversion
    """

    searchable: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class HypervisorField(Field):
    """A key that an extension adds to hypervisors, without a target."""
