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

"""A change of the status of a host, which is announced for each server."""

import dataclasses
import datetime
import uuid


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """What became of one host, and through whom.

    :param id: a uuid, by which the change is known
    :param cell: the uuid of the cell that the host is in
    :param host: its name
    :param old: the status that it had, as :mod:`nova_lockstatus.host_status`
        names it
    :param new: the status that it has
    :param changed_at: when that became so, in UTC
    :param request_id: the request that has changed it, None if none has
    :param user_id: who has changed it, None if nobody has
    :param project_id: for which project that was
    """

    id: str
    cell: str
    host: str
    old: str
    new: str
    changed_at: datetime.datetime
    request_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None

    @property
    def age(self) -> float:
        """Return how long it is since, in seconds."""
        return (datetime.datetime.now(datetime.timezone.utc)
                - self.changed_at).total_seconds()

    def announcement_id(self, server_id: str) -> str:
        """Return by what a consumer knows the announcement for one server.

        :param server_id: the uuid of the server
        :returns: a uuid, the same whoever announces it and how often
        """
        return str(uuid.uuid5(uuid.UUID(self.id), server_id))
