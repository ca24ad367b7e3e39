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

"""The command ``nova-lockstatus``."""

import argparse
import difflib
import sys
from importlib import metadata
from typing import Any

from cliff import app
from cliff import commandmanager

COMMANDS = 'nova_lockstatus.commands'


class LockStatusApp(app.App):
    """Set up nova-lockstatus, and report on it, in this cloud."""

    NAME = 'nova-lockstatus'

    def __init__(self, **streams: Any) -> None:
        super().__init__(
            description=self.__doc__,
            version=metadata.version('nova-lockstatus'),
            command_manager=commandmanager.CommandManager(COMMANDS),
            # So that "enable --help" is about enable.
            deferred_help=True,
            **streams)

    def build_option_parser(
            self, description: str | None, version: str | None,
            argparse_kwargs: dict[str, Any] | None = None,
    ) -> argparse.ArgumentParser:
        """Make the parser of the options before the command."""
        parser: argparse.ArgumentParser = super().build_option_parser(
            description, version, {**(argparse_kwargs or {}),
                                   'prog': self.NAME})
        return parser

    def interact(self) -> None:
        """Refuse to be called without a command: there is no shell."""
        self.parser.error("name a command, '%s help' lists them" % self.NAME)

    def run_subcommand(self, argv: list[str]) -> int:
        """Run a command.

        :returns: the exit code: 0 if all is well, 1 if it failed, 2 if it was
            called wrongly
        """
        try:
            self.command_manager.find_command(argv)
        except ValueError:
            return self._refuse(argv[0])
        return int(super().run_subcommand(argv))

    def _refuse(self, word: str) -> int:
        known = sorted(name for name, _ in self.command_manager)
        near = difflib.get_close_matches(word, known, n=1)
        self.LOG.error(
            "'%s' is no command: %s'%s help' lists them.", word,
            "did you mean '%s'? " % near[0] if near else '', self.NAME)
        return 2


def main(argv: list[str] | None = None) -> int:
    """Run ``nova-lockstatus``."""
    return int(LockStatusApp().run(sys.argv[1:] if argv is None else argv))


if __name__ == '__main__':
    sys.exit(main())
