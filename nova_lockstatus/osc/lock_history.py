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

"""The history of a lock, read from the instance actions of its server."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cliff import columns

from nova_lockstatus.utils import duration


class Event(NamedTuple):
    """A request that locked or unlocked the server.

    :param action: ``lock`` or ``unlock``
    :param time: of its start, in UTC
    """

    action: str
    time: str | None
    user_id: str | None
    project_id: str | None
    request_id: str | None


def read(actions: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Read the locks and unlocks among instance actions, the newest first."""
    return [Event(
        action['action'], duration.normalise(action.get('start_time')),
        action.get('user_id'), action.get('project_id'),
        action.get('request_id'))
            for action in actions if action['action'] in ('lock', 'unlock')]


def lock_in_force(events: Sequence[Event]) -> dict[str, str | None]:
    """Return since when a locked server is locked, and who locked it last.

    :returns: the keys ``locked_at`` and ``locked_by_user_id``, as the
        extension os-server-locked-status has them
    """
    locks = list(itertools.takewhile(
        lambda event: event.action == 'lock', events))
    if not locks:
        return {'locked_at': None, 'locked_by_user_id': None}
    return {'locked_at': locks[-1].time, 'locked_by_user_id': locks[0].user_id}


class HistoryColumn(columns.FormattableColumn):
    """A column of events: lines for people, objects for programs."""

    def human_readable(self) -> str:
        return '\n'.join(
            '%s %s by user %s of project %s' % (
                event.time, event.action, event.user_id, event.project_id)
            for event in self._value)

    def machine_readable(self) -> list[dict[str, str | None]]:
        return [event._asdict() for event in self._value]
