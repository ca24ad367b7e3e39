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

"""``nova-lockstatus db sync``."""

from __future__ import annotations

import argparse

from cliff import command

from nova_lockstatus import exception
from nova_lockstatus.cli import nova_config


class Sync(command.Command):
    """Make the tables of the plugin's own database, or upgrade them.

    The database is the one that [lockstatus]connection names. It must be
    there, unless it is a file of SQLite. Nova's databases are not touched. Run
    it after the plugin was installed and after each upgrade of it; a second
    run changes nothing.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        nova_config.add_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        nova_config.silence_libraries(self.app.options.debug)
        conf = nova_config.load(parsed_args.config_file,
                                parsed_args.config_dir)
        from nova_lockstatus.db import database
        from nova_lockstatus.db import migration
        store = database.open_store(conf, limited=False)
        before, after = migration.sync(store)
        if before == after:
            text = '%s is at version %s already.' % (store.name, after)
        else:
            text = '%s is at version %s now.' % (store.name, after)
        print(text, file=self.app.stdout)
        if not conf.lockstatus.webhooks:
            return
        # It loads what the watch needs of Nova.
        from nova_lockstatus.watch import webhook_relay
        try:
            problems = webhook_relay.find_problems(conf)
        except exception.LockStatusException as error:
            problems = [str(error)]
        for problem in problems:
            print('Warning: ' + problem, file=self.app.stderr)
