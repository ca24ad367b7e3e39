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

"""``nova-lockstatus setup``."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from cliff import command

from nova_lockstatus import exception
from nova_lockstatus.cli import config_files
from nova_lockstatus.cli import confirm
from nova_lockstatus.cli import nova_config
from nova_lockstatus.cli.setup import file_change
from nova_lockstatus.cli.setup import own_config
from nova_lockstatus.cli.setup import places as setup_places
from nova_lockstatus.cli.setup import steps
from nova_lockstatus.db import store_url
from nova_lockstatus.utils import logs

if TYPE_CHECKING:
    from nova_lockstatus.cli.setup.file_change import FileChange
    from nova_lockstatus.cli.setup.places import Places
    from nova_lockstatus.db import database

LOG = logs.logger(__name__)

STEPS = ('filter', 'database', 'policy-sample', 'watch')

_QUESTION = ('The database of the plugin, such as mysql+pymysql://user:'
             'password@host/nova_lockstatus (empty: none): ')


class Setup(command.Command):
    """Set up the plugin on this machine, beside nova-api.

    The steps are the filter in api-paste.ini, the database of the plugin with
    its tables, the sample of the policy rules, and the unit of systemd for
    nova-lockstatus-watch. What would change is shown as a difference, and the
    command asks before it changes it. A file that is changed is kept as it
    was. If a step fails, no file is changed.

    Run it again as often as you like: what is set up already is left alone.
    No service is started or restarted. What is left to do is printed.
    """

    args: argparse.Namespace
    """The command line."""

    declined = False
    """Whether an answer was no."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            '--nova-dir', metavar='<directory>',
            help='The directory with nova.conf. Default: that of nova-api, by '
            'its environment, or /etc/nova.')
        parser.add_argument(
            '--api-paste', metavar='<file>',
            help='The api-paste.ini to change. Default: the one that nova-api '
            'reads.')
        parser.add_argument(
            '--connection', metavar='<url>',
            help='The URL of the database of the plugin, which must be there. '
            'Others can see it in the list of processes: without the option, '
            'the command asks for it.')
        parser.add_argument(
            '--unit-dir', metavar='<directory>', default=setup_places.UNITS,
            help='The directory for the unit of systemd (%(default)s).')
        parser.add_argument(
            '--skip', metavar='<step>', action='append', default=[],
            choices=STEPS,
            help='A step to leave out: ' + ', '.join(STEPS) + '. Can be given '
            'several times.')
        parser.add_argument(
            '--dry-run', action='store_true',
            help='Show what would change, and change nothing.')
        parser.add_argument('--yes', action='store_true', help='Ask nothing.')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        self.args = parsed_args
        nova_config.silence_libraries(self.app.options.debug)
        # Whoever has no Nova here is on the wrong machine.
        nova_config.require()
        places = setup_places.find(os.environ, parsed_args.nova_dir,
                                   parsed_args.unit_dir)
        connection = self._find_connection(places)
        store = self._open_store(connection)
        wanted = self._find_changes(places, connection)
        accepted = [change for change in wanted if self._accept(change)]
        makes_tables = store is not None and self._accept_tables(
            store, places, set(wanted) - set(accepted))
        if parsed_args.dry_run:
            LOG.info('Nothing is changed, this is a dry run.')
            return 0
        # First, as it may fail for reasons that only the server knows.
        if store is not None and makes_tables:
            self._make_tables(store)
        file_change.apply(accepted)
        for change in accepted:
            LOG.info('%s is %s.', change.path, change.done)
        self._say_what_is_left(places, accepted)
        return 1 if self.declined else 0

    def _find_connection(self, places: Places) -> str | None:
        conf = own_config.read(places)
        given: str | None = self.args.connection
        if given is None:
            try:
                return store_url.read(conf)
            except exception.StoreNotConfigured:
                pass
            if not (self.args.yes or self.args.dry_run
                    or 'database' in self.args.skip):
                given = confirm.ask_text(self.app, _QUESTION,
                                         places.own_config)
        if not given:
            LOG.info('No database, and so no nova-lockstatus-watch: name one '
                     'with --connection.')
            return None
        return given

    def _open_store(self, connection: str | None) -> database.Store | None:
        """Open the database, if its tables are to be made.

        :raises LockStatusException: when it cannot be used
        """
        if connection is None or 'database' in self.args.skip:
            return None
        from nova_lockstatus.db import database
        from nova_lockstatus.db import migration
        store = database.open_store(
            own_config.of_connection(connection), limited=False)
        try:
            migration.check(store)
        except exception.StoreNotSynced:
            return store
        LOG.info('%s: nothing to change, the tables are there.', store.name)
        return None

    def _find_changes(self, places: Places, connection: str | None
                      ) -> list[FileChange]:
        found: list[FileChange] = []
        skip = self.args.skip
        if 'filter' not in skip:
            found.append(steps.put_filter(self.args.api_paste, places,
                                          os.environ))
        if connection is not None and 'database' not in skip:
            found.append(steps.name_database(connection, places))
        if 'policy-sample' not in skip:
            found.append(steps.write_policy_sample(places))
        if connection is not None and 'watch' not in skip:
            found.append(steps.write_unit(places))
        wanted = []
        for change in found:
            if change.after == (change.before or ''):
                LOG.info('%s: nothing to change.', change.path)
            else:
                change.check()
                wanted.append(change)
        return wanted

    def _accept(self, change: FileChange) -> bool:
        confirm.show(self.app, change.difference())
        return self._is_yes('%s %s?' % (
            'Make' if change.before is None else 'Change', change.path),
            change.path)

    def _accept_tables(self, store: database.Store, places: Places,
                       refused: set[FileChange]) -> bool:
        if places.own_config in {change.path for change in refused}:
            return False
        confirm.show(self.app, 'The tables of %s are to be made, or '
                     'upgraded.\n' % store.name)
        return self._is_yes('Make the tables of %s?' % store.name, store.name)

    def _is_yes(self, question: str, path: str) -> bool:
        if self.args.yes or self.args.dry_run:
            return True
        if confirm.ask(self.app, question, path):
            return True
        LOG.info('%s is not changed.', path)
        self.declined = True
        return False

    def _make_tables(self, store: database.Store) -> None:
        from nova_lockstatus.db import migration
        _before, after = migration.sync(store)
        LOG.info('%s is at version %s now.', store.name, after)

    def _say_what_is_left(self, places: Places, accepted: list[FileChange]
                          ) -> None:
        paths = {change.path for change in accepted}
        if not accepted:
            return
        LOG.info('What is left to do:')
        if places.own_config in paths and not places.is_default:
            LOG.info('  name %s to nova-api, which does not read it by '
                     'itself: with --config-file, or in '
                     'OS_NOVA_CONFIG_FILES', places.own_config)
        LOG.info('  %s', ' '.join(self._check_command(places)))
        if paths - {places.policy_sample, places.unit}:
            LOG.info('  restart nova-api')
        if places.unit in paths:
            LOG.info('  systemctl daemon-reload')
            LOG.info('  systemctl enable --now nova-lockstatus-watch')

    def _check_command(self, places: Places) -> list[str]:
        paste = self.args.api_paste
        if paste is None and not places.is_default:
            paste = os.path.join(places.nova, config_files.PASTE)
        return ['nova-lockstatus-status', *places.arguments(),
                *(['--api-paste', paste] if paste else []),
                'upgrade', 'check']
