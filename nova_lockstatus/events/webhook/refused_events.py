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


"""The events of a change that a webhook has refused for good."""

from __future__ import annotations

from collections.abc import Sequence

from nova_lockstatus.core import host_event
from nova_lockstatus.events.webhook import sender
from nova_lockstatus.gateway import instances
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)


class RefusedEvents:
    """Gathers them, so that there is one line for all.

    :param name: the name of the webhook
    """

    def __init__(self, name: str, change: host_event.StatusChange) -> None:
        self._name = name
        self._change = change
        self._found: list[tuple[str, int]] = []

    def add(self, servers: Sequence[instances.InstanceRow],
            statuses: Sequence[int]) -> None:
        """Add those that were refused.

        :param statuses: the statuses of the answers to the first servers
        """
        self._found += [(server.uuid, status) for server, status
                        in zip(servers, statuses, strict=False)
                        if not sender.is_accepted(status)]

    def log(self) -> None:
        """Log how many were refused, if any were."""
        if self._found:
            LOG.warning(
                'The webhook %s refused the events of %d servers. They are '
                'not sent again. For the first, the server %s, it answered '
                'with the status %d: %s', self._name, len(self._found),
                *self._found[0], self._change.what)
