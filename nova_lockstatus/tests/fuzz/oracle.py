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

"""Decides whether the plugin answers a request as it must."""

import re
from typing import Any, NamedTuple

import webob

from nova_lockstatus.tests.fuzz import requests as fuzz_requests
from nova_lockstatus.tests.fuzz import server_world
from nova_lockstatus.tests.fuzz import world as worlds

RAISED = 599
"""The status of an application that raises, and does not answer."""

REFUSES_MORE = (
    (409, re.compile(' is locked')),
    (400, re.compile('locked_reason|Unrecognized value|'
                     'query parameters '
                     '(locked_by|host_status|state|status)')),
)
"""What the plugin refuses and stock Nova does not: status and message."""

LOCKED = 'BILLING'
"""The server that nobody but an admin may change."""

EXEMPT = re.compile(b'createImage|createBackup')
"""What is in the bodies of calls that may change it all the same."""


class Answer(NamedTuple):
    """What an application has answered.

    :param status: the HTTP status, or RAISED
    :param text: the body, or what was raised
    """

    status: int
    text: str


class Verdict(NamedTuple):
    """What came of a request.

    :param plugin: the answer of Nova with the plugin
    :param stock: stock Nova's, None where it was not asked
    :param problem: what is wrong, None if nothing is
    """

    plugin: Answer
    stock: Answer | None = None
    problem: str | None = None


def ask(app: Any, environ: dict[str, Any]) -> Answer:
    """Send a request.

    :param app: the WSGI application
    :param environ: the WSGI environment
    :returns: the answer
    """
    try:
        answer = webob.Request(environ).get_response(app)
        return Answer(answer.status_code, answer.body.decode(
            'utf-8', 'replace'))
    except (KeyboardInterrupt, SystemExit):
        raise
    # The plugin's own way to stop a call is no Exception.
    except BaseException as error:
        return Answer(RAISED, '%s: %s' % (type(error), error))


class _Outcome(NamedTuple):
    """What came of a request to one of the applications.

    :param answer: what it has answered
    :param changed: the tables that were changed
    :param changes_locked: whether LOCKED was
    """

    answer: Answer
    changed: frozenset[str]
    changes_locked: bool


class Oracle:
    """Asks Nova with the plugin, and stock Nova where it did not succeed.

    :param world: the two, and their databases
    :param plugin: what is asked in place of Nova with the plugin
    """

    def __init__(self, world: worlds.World | server_world.ServerWorld,
                 plugin: Any = None) -> None:
        self._world = world
        self._plugin = plugin or world.plugin

    def check(self, request: fuzz_requests.Request) -> Verdict:
        """Try a request. Afterwards the databases are as before.

        :param request: the request
        :returns: what came of it
        """
        plugin = self._ask(self._plugin, request)
        if plugin.answer.status < 400:
            return Verdict(plugin.answer, problem=(
                'changes a server that an admin has locked'
                if plugin.changes_locked and not _may_change_locked(request)
                else None))
        stock = self._ask(self._world.stock, request)
        changed = plugin.changed
        if stock.answer.status >= 400:
            changed -= stock.changed
        return Verdict(plugin.answer, stock.answer, _problem(
            plugin.answer, stock.answer, changed))

    def _ask(self, app: Any, request: fuzz_requests.Request) -> _Outcome:
        answer = ask(app, request.environ(self._world.ids))
        self._world.forget()
        outcome = _Outcome(answer, self._world.changed(),
                           self._world.is_changed(LOCKED))
        if outcome.changed or answer.status >= 500 or (
                answer.status < 400 and not request.reads):
            self._world.restore()
        return outcome


def _may_change_locked(request: fuzz_requests.Request) -> bool:
    return bool(EXEMPT.search(request.body)) or any(
        name.lower() == 'x-auth-token' and value.strip() == 'admin'
        for name, value in request.headers)


def _problem(plugin: Answer, stock: Answer, changed: frozenset[str]
             ) -> str | None:
    if plugin.status >= 500 and stock.status < 500:
        return 'fails, where stock Nova answers %d' % stock.status
    if plugin.status == RAISED != stock.status:
        return 'raises, where stock Nova answers %d' % stock.status
    if changed:
        return 'is refused, and changes %s' % ', '.join(sorted(changed))
    if stock.status < 400 and not any(
            plugin.status == status and message.search(plugin.text)
            for status, message in REFUSES_MORE):
        return 'is refused, where stock Nova answers %d' % stock.status
    return None
