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

"""``nova-lockstatus webhook list``, ``test``, ``replay`` and ``enable``."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cliff import command
from cliff import lister

from nova_lockstatus import exception
from nova_lockstatus.cli import nova_config
from nova_lockstatus.utils import duration
from nova_lockstatus.utils import terminal

if TYPE_CHECKING:
    from nova_lockstatus.db import database
    from nova_lockstatus.db.webhook_state import WebhookState
    from nova_lockstatus.events.webhook.client import WebhookClient
    from nova_lockstatus.events.webhook.endpoint import Endpoint

COLUMNS = ('name', 'project_id', 'state', 'waiting', 'oldest', 'last_answer',
           'answered_at', 'kept')


def _time(moment: datetime.datetime | None) -> str:
    """Write a time in UTC, nothing for None."""
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ') if moment else ''


class _Command(command.Command):
    """Reads the configuration of the webhooks, and the store."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        nova_config.add_arguments(parser)
        return parser

    def load(self, parsed_args: argparse.Namespace) -> Any:
        """Read the configuration that the command line names."""
        nova_config.silence_libraries(self.app.options.debug)
        return nova_config.load(parsed_args.config_file,
                                parsed_args.config_dir)

    def open_store(self, conf: Any) -> database.Store:
        """Open the store, whose tables must be those of this release."""
        from nova_lockstatus.db import database
        from nova_lockstatus.db import migration
        store = database.open_store(conf)
        migration.check(store)
        return store

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, file=self.app.stdout)


class _OneWebhook(_Command):
    """A command about one webhook."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('name', metavar='<name>',
                            help='A name in [lockstatus]webhooks.')
        return parser

    def find(self, conf: Any, name: str) -> tuple[Endpoint, WebhookClient]:
        """Make the client of a webhook.

        :raises WebhookUnknown: when there is no webhook of this name
        """
        from nova_lockstatus.watch import webhook_relay
        clients = webhook_relay.make_clients(conf)
        for endpoint, client in clients:
            if endpoint.name == name:
                return endpoint, client
        raise exception.WebhookUnknown(
            name=terminal.one_line(name), known=', '.join(
                endpoint.name for endpoint, _ in clients) or 'none')


class List(_Command, lister.Lister):
    """List the webhooks with their state and the changes that wait.

    A webhook that is not in [lockstatus]webhooks any more is listed as long as
    changes of hosts wait for it.
    """

    def take_action(self, parsed_args: argparse.Namespace
                    ) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
        conf = self.load(parsed_args)
        from nova_lockstatus.events.webhook import endpoint
        webhooks = {one.name: one for one in endpoint.read(conf)}
        return COLUMNS, list(_rows(webhooks, self.open_store(conf)))


def _rows(webhooks: dict[str, Endpoint], store: database.Store
          ) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the list, with four statements."""
    from nova_lockstatus.db import outbox
    from nova_lockstatus.db import webhook_history
    from nova_lockstatus.db import webhook_state
    from nova_lockstatus.events import sinks
    states = webhook_state.read_all(store)
    kept = webhook_history.count(store)
    oldest = outbox.read_oldest(store)
    waiting = outbox.count_by_sink(store)
    former = sorted(name for name in map(sinks.name_of_webhook, waiting)
                    if name is not None and name not in webhooks)
    for name in (*webhooks, *former):
        state = states.get(name, webhook_state.WebhookState(name))
        sink = sinks.webhook(name)
        found = webhooks.get(name)
        yield (name, found.project_id if found else '', _state(found, state),
               waiting.get(sink, 0), _time(oldest.get(sink)),
               terminal.escape(state.answer), _time(state.answered_at),
               kept.get(name, 0))


def _state(endpoint: Endpoint | None, state: WebhookState) -> str:
    if endpoint is None:
        return 'not configured'
    if state.is_off(endpoint.url_digest):
        return 'off since %s: 410 Gone' % _time(state.gone_at)
    return 'on'


class Test(_OneWebhook):
    """Post a ping to a webhook, and print the answer.

    The ping is signed as an event is. Its type is
    org.openstack.nova.lockstatus.ping, and it is about no server. Nothing is
    recorded, and a webhook that is off stays off. The exit code is 0 if the
    answer is 2xx, and 1 if not.
    """

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        conf = self.load(parsed_args)
        endpoint, client = self.find(conf, parsed_args.name)
        from nova_lockstatus.events.webhook import ping
        self.say('POST to %s, signed with %d secrets' % (
            endpoint.authority, len(endpoint.secrets))
            if len(endpoint.secrets) > 1 else
            'POST to %s' % endpoint.authority)
        result = ping.send(endpoint, client)
        self.say('Answer: %s' % result.answer)
        if result.advice:
            self.say(result.advice)
        self._say_if_off(conf, endpoint)
        return 0 if result.is_accepted else 1

    def _say_if_off(self, conf: Any, endpoint: Endpoint) -> None:
        from nova_lockstatus.db import webhook_state
        try:
            state = webhook_state.read(self.open_store(conf), endpoint.name)
        except exception.LockStatusException as error:
            self.say('No event is posted: %s' % error)
            return
        if state.is_off(endpoint.url_digest):
            self.say('No event is posted: %s' % exception.WebhookIsOff(
                name=endpoint.name, gone_at=_time(state.gone_at)))


class Replay(_OneWebhook):
    """Post events again that a webhook has taken or refused.

    They come from the record in the plugin's database, in their order and with
    their ids: a receiver that remembers ids leaves out what it has had. They
    are signed anew. Events that wait in the outbox are not among them.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--since', metavar='<time>', required=True,
            type=duration.parse_since,
            help='Events that were posted since then: a time in UTC, such as '
            '2026-11-30T08:00:00, or an age, such as 2h: a number and m, h, d '
            'or w.')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        conf = self.load(parsed_args)
        endpoint, client = self.find(conf, parsed_args.name)
        from nova_lockstatus.db import webhook_history
        from nova_lockstatus.db import webhook_state
        from nova_lockstatus.events.webhook import replay
        from nova_lockstatus.events.webhook import sender
        store = self.open_store(conf)
        state = webhook_state.read(store, endpoint.name)
        if state.is_off(endpoint.url_digest):
            raise exception.WebhookIsOff(name=endpoint.name,
                                         gone_at=_time(state.gone_at))
        task = replay.Replay(sender.Sender(endpoint, client), endpoint.batch)
        try:
            task.run(webhook_history.read(store, endpoint.name,
                                          parsed_args.since))
        except exception.LockStatusException:
            self._say_how_far(task)
            raise
        self._say_how_far(task)
        return 1 if task.refused else 0

    def _say_how_far(self, task: Any) -> None:
        self.say('%d events were taken, %d refused.' % (task.accepted,
                                                        task.refused))
        if task.last is not None:
            self.say('The last one was first posted at %s.' %
                     (task.last.posted_at.isoformat() + 'Z'))


class Enable(_OneWebhook):
    """Switch a webhook on again that has answered 410 Gone.

    Each nova-lockstatus-watch begins to post to it within ten seconds.
    """

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        conf = self.load(parsed_args)
        endpoint, _client = self.find(conf, parsed_args.name)
        from nova_lockstatus.db import webhook_state
        was_off = webhook_state.switch_on(self.open_store(conf),
                                          endpoint.name)
        self.say('The webhook %s is on %s.' % (
            endpoint.name, 'again' if was_off else 'already'))
