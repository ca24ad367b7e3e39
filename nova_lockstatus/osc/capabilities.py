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

"""What a cloud gives a client, and at which microversion to ask for it."""

import dataclasses
from typing import NamedTuple

from nova_lockstatus.osc import error

Version = tuple[int, int]

LOCKED_STATUS = 'os-server-locked-status'
SERVER_HOST_STATUS = 'os-server-host-status'
HYPERVISOR_STATUS = 'os-hypervisor-status'


class Capability(NamedTuple):
    """Something that a cloud may give.

    :param title: what it is, as a noun
    :param alias: the extension that gives it at every microversion
    :param since: the microversion from which Nova gives it, None: never
    """

    title: str
    alias: str | None
    since: Version | None


LOCKED = Capability('whether a server is locked', LOCKED_STATUS, (2, 9))
LOCKED_BY = Capability('who holds a lock', LOCKED_STATUS, None)
LOCKED_REASON = Capability('the reason of a lock', LOCKED_STATUS, (2, 73))
LOCKED_AT = Capability('since when a server is locked', LOCKED_STATUS, None)
FIND_LOCKED = Capability('a filter by lock', LOCKED_STATUS, (2, 73))
LOCK_REASON = Capability('a lock with a reason', LOCKED_STATUS, (2, 73))
HOST_STATUS = Capability(
    "the status of a server's host", SERVER_HOST_STATUS, (2, 16))
FIND_HYPERVISORS = Capability(
    'a filter by state and status', HYPERVISOR_STATUS, None)
TAGS = Capability('a selection by tags', None, (2, 26))
SERVICE_FORCED_DOWN = Capability(
    'whether a host is forced down', None, (2, 11))


def parse(text: str) -> Version:
    """Read a microversion.

    :param text: such as ``2.73``
    :returns: its two numbers
    :raises error.CommandError: when it is none
    """
    major, _, minor = text.partition('.')
    if not (major.isdecimal() and minor.isdecimal()):
        raise error.CommandError(
            "'%s' is no microversion of the compute API, as 2.73 is one."
            % text)
    return int(major), int(minor)


def text_of(version: Version) -> str:
    """Write a microversion.

    :param version: its two numbers
    :returns: such as ``2.73``
    """
    return '%d.%d' % version


@dataclasses.dataclass(frozen=True)
class Capabilities:
    """What a cloud offers.

    :param aliases: the extensions that it lists
    :param newest: its newest microversion, None if it has none
    :param pinned: the microversion that the user wants, None if any will do
    """

    aliases: frozenset[str] = frozenset()
    newest: Version | None = None
    pinned: Version | None = None

    def extends(self, capability: Capability) -> bool:
        """Tell whether an extension gives it at every microversion.

        :param capability: what is wanted
        :returns: whether the cloud lists its extension
        """
        return capability.alias in self.aliases

    def choose(self, *wanted: Capability) -> str | None:
        """Choose the microversion to ask with.

        :param wanted: what the answer should have, as far as may be
        :returns: the user's, if there is one; else the oldest at which the
            cloud gives all of them that it ever gives; None is its default
        """
        if self.pinned:
            return text_of(self.pinned)
        needed = [capability.since for capability in wanted
                  if not self.extends(capability)
                  and capability.since and self._reaches(capability.since)]
        return text_of(max(needed)) if needed else None

    def gives(self, capability: Capability) -> bool:
        """Tell whether a call at :meth:`choose` of it will have it.

        :param capability: what is wanted
        :returns: whether the cloud gives it at all
        """
        return self.extends(capability) or (
            capability.since is not None and self._reaches(capability.since))

    def require(self, capability: Capability) -> None:
        """Refuse a command that cannot be carried out.

        :param capability: what it needs
        :raises error.CommandError: when the cloud does not give it
        """
        if self.gives(capability):
            return
        way = []
        if capability.alias:
            way.append('the extension %s' % capability.alias)
        if capability.since:
            way.append('microversion %s' % text_of(capability.since))
        if self.pinned:
            has = ('--os-compute-api-version is %s' % text_of(self.pinned))
        else:
            has = ("this cloud's newest is %s" % text_of(self.newest)
                   if self.newest else 'this cloud has no microversions')
        if not capability.since:
            has = 'this cloud does not have it'
        raise error.CommandError(
            'For %s the cloud needs %s, and %s.'
            % (capability.title, ' or '.join(way), has))

    def _reaches(self, version: Version) -> bool:
        limit = self.pinned or self.newest
        return limit is not None and version <= limit
