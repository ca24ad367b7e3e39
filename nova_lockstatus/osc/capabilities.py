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

"""What a cloud supports, and at which microversion to request it."""

import dataclasses
from typing import NamedTuple

from nova_lockstatus.osc import error

Microversion = tuple[int, int]

LOCKED_STATUS = 'os-server-locked-status'
SERVER_HOST_STATUS = 'os-server-host-status'
SERVER_LOCKS = 'os-server-locks'
HYPERVISOR_STATUS = 'os-hypervisor-status'


class Capability(NamedTuple):
    """A feature of the compute API that not every cloud has.

    :param title: a noun for messages
    :param alias: the extension that adds it at every microversion, None:
        no extension does
    :param since: the microversion from which Nova has it, None: never
    """

    title: str
    alias: str | None
    since: Microversion | None


LOCKED = Capability('whether a server is locked', LOCKED_STATUS, (2, 9))
LOCKED_BY = Capability('who holds a lock', LOCKED_STATUS, None)
LOCKED_REASON = Capability('the reason of a lock', LOCKED_STATUS, (2, 73))
LOCKED_AT = Capability('since when a server is locked', LOCKED_STATUS, None)
FIND_LOCKED = Capability('a filter by lock', LOCKED_STATUS, (2, 73))
LOCK_REASON = Capability('a lock with a reason', LOCKED_STATUS, (2, 73))
LOCK_END = Capability('a lock with an end', SERVER_LOCKS, None)
LOCKED_UNTIL = Capability('when a lock ends', SERVER_LOCKS, None)
HOST_STATUS = Capability(
    "the status of a server's host", SERVER_HOST_STATUS, (2, 16))
FIND_HYPERVISORS = Capability(
    'a filter by state and status', HYPERVISOR_STATUS, None)
TAGS = Capability('a selection by tags', None, (2, 26))
SERVICE_FORCED_DOWN = Capability(
    'whether a host is forced down', None, (2, 11))


def parse_microversion(text: str) -> Microversion:
    """Parse a microversion.

    :param text: such as ``2.73``
    :raises error.CommandError: when it is not two numbers
    """
    major, _, minor = text.partition('.')
    if not (major.isdecimal() and minor.isdecimal()):
        raise error.CommandError(
            "'%s' is no microversion of the compute API, as 2.73 is one."
            % text)
    return int(major), int(minor)


@dataclasses.dataclass(frozen=True)
class Capabilities:
    """What a cloud supports.

    :param aliases: the extensions that it lists
    :param newest: its newest microversion, None if it has none
    :param pinned: the microversion that the user chose, None: any
    """

    aliases: frozenset[str] = frozenset()
    newest: Microversion | None = None
    pinned: Microversion | None = None

    def has_extension(self, capability: Capability) -> bool:
        """Tell whether an extension adds a feature at every microversion."""
        return capability.alias in self.aliases

    def supports(self, capability: Capability) -> bool:
        """Tell whether the cloud has a feature at the user's microversion."""
        return self.has_extension(capability) or self._reaches(
            capability.since)

    def microversion_for(self, *needed: Capability) -> str | None:
        """Choose the microversion of a request.

        :param needed: the features that it uses; those that the cloud does
            not support do not count
        :returns: the user's, if there is one; else the oldest that suffices,
            None: the cloud's default
        """
        if self.pinned:
            return _text(self.pinned)
        since = [capability.since for capability in needed
                 if capability.since and self._reaches(capability.since)
                 and not self.has_extension(capability)]
        return _text(max(since)) if since else None

    def require(self, capability: Capability) -> None:
        """Refuse a command that needs a feature.

        :raises error.CommandError: when the cloud does not support it
        """
        if self.supports(capability):
            return
        needed = []
        if capability.alias:
            needed.append('the extension %s' % capability.alias)
        if capability.since:
            needed.append('microversion %s' % _text(capability.since))
        if not capability.since:
            found = 'this cloud does not have it'
        elif self.pinned:
            found = '--os-compute-api-version is %s' % _text(self.pinned)
        elif self.newest:
            found = "this cloud's newest is %s" % _text(self.newest)
        else:
            found = 'this cloud has no microversions'
        raise error.CommandError(
            'For %s the cloud needs %s, and %s.'
            % (capability.title, ' or '.join(needed), found))

    def _reaches(self, version: Microversion | None) -> bool:
        limit = self.pinned or self.newest
        return version is not None and limit is not None and version <= limit


def _text(version: Microversion) -> str:
    return '%d.%d' % version
