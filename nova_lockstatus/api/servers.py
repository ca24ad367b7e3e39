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

"""The servers of an answer, and what the hooks read for them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

from nova_lockstatus import exception
from nova_lockstatus.extensions import base


class Servers:
    """The servers of an answer, and what was read for them."""

    def __init__(self) -> None:
        self.searchable: frozenset[str] = frozenset()
        """The keys by which the caller may filter and sort this list."""
        self.checked_by_nova: frozenset[str] = frozenset()
        """The keys by which they may where Nova itself lets them."""
        self.holders: frozenset[str] | None = None
        """Whose locks this list is filtered by, None where it is not."""
        self.cells: dict[str, Any] = {}
        """The CellMapping of each server of a list, by server uuid."""
        self.replaced_joins: frozenset[str] = frozenset()
        """What the plugin reads of a list instead of Nova."""
        self.error: Exception | None = None
        """Why rows of the servers could not be read, None if they were."""
        self.locks: dict[str, base.Lock] = {}
        """The records of the locks of a list that shows them, by uuid."""
        self._shown: list[tuple[dict[str, Any], Any]] = []
        self._system_metadata: dict[str, Mapping[str, str]] = {}

    def add(self, body: dict[str, Any], instance: Any) -> None:
        """Keep a server that Nova's view returned."""
        self._shown.append((body, instance))

    def __iter__(self) -> Iterator[tuple[dict[str, Any], Any]]:
        """Yield the dict of each server in the answer, with its Instance."""
        return iter(self._shown)

    def add_system_metadata(self,
                            rows: Mapping[str, Mapping[str, str]]) -> None:
        """Keep rows of system metadata: values by key, by server uuid."""
        self._system_metadata.update(rows)

    def add_unread(self, uuids: Iterable[str], error: Exception) -> None:
        """Keep that the system metadata of servers could not be read."""
        self.error = error
        self._system_metadata.update(
            (uuid, _Unread(uuid, error)) for uuid in uuids)

    def lock(self, uuid: str) -> base.Lock:
        """Return the record of the lock of a server of a list.

        :raises LockUnread: when it could not be read
        """
        try:
            return self.locks[uuid]
        except KeyError:
            raise exception.LockUnread(uuid=uuid) from self.error

    def has_system_metadata(self, instance: Any) -> bool:
        """Tell whether rows of a server's system metadata were read."""
        return ('system_metadata' in instance
                or instance.uuid in self._system_metadata)

    def system_metadata(self, instance: Any) -> Mapping[str, str]:
        """Return the rows of system metadata that are known of a server.

        :returns: values by key; reading one raises SystemMetadataUnread where
            the rows could not be read
        """
        if 'system_metadata' in instance:
            found: Mapping[str, str] = instance.system_metadata
            return found
        return self._system_metadata.get(instance.uuid, {})


class _Unread(Mapping[str, str]):
    """System metadata that fails the field that reads it, and no other."""

    def __init__(self, uuid: str, error: Exception) -> None:
        self._uuid = uuid
        self._error = error

    def _fail(self) -> NoReturn:
        raise exception.SystemMetadataUnread(uuid=self._uuid) from self._error

    def __getitem__(self, key: str) -> str:
        self._fail()

    def __iter__(self) -> Iterator[str]:
        self._fail()

    def __len__(self) -> int:
        self._fail()
