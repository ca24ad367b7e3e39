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

"""The locks of projects and hosts, as nova-api reads and writes them."""

from __future__ import annotations

from collections.abc import Collection

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.core.host_status import HostKey
from nova_lockstatus.core.scope_locks import StandingLocks
from nova_lockstatus.db import database
from nova_lockstatus.db import scope_locks
from nova_lockstatus.db import store_url


class ScopeLocks:
    """The locks of projects and hosts of an installation.

    :param store: where they are, None where no database is configured: then
        there are none, and none can be made
    """

    def __init__(self, store: database.Store | None = None) -> None:
        self.store = store

    def standing_over(self, projects: Collection[str],
                      hosts: Collection[HostKey]) -> StandingLocks:
        """Read the locks that stand over projects and hosts.

        It takes one statement. Nothing is kept: what another process has
        answered 201 to counts from then on.

        :raises LockStatusException: when they cannot be read
        """
        if self.store is None:
            return StandingLocks()
        return scope_locks.standing_over(self.store, projects, hosts)


# All pipelines of a process share the connections.
_OPENED: dict[str, ScopeLocks] = {}


def open_scope_locks(conf: cfg.ConfigOpts) -> ScopeLocks:
    """Open the database that is configured; nothing connects to it yet.

    :raises StoreUrlInvalid: when the URL cannot be used
    """
    try:
        url = store_url.read(conf)
    except exception.StoreNotConfigured:
        return ScopeLocks()
    if url not in _OPENED:
        _OPENED[url] = ScopeLocks(database.open_store(conf))
    return _OPENED[url]
