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

"""The configuration and the files of a nova-api, as the checks read them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus import filter as lockstatus_filter
from nova_lockstatus.cli import config_files
from nova_lockstatus.cli.api_paste import file as paste_file
from nova_lockstatus.cli.api_paste import reader as paste_reader


@dataclasses.dataclass
class Installation:
    """The installation that is checked.

    :param environ: the environment that nova-api has
    :param api_paste: the api-paste.ini, None to look for it
    """

    conf: Any
    environ: Mapping[str, str]
    api_paste: str | None = None

    def files_read(self) -> config_files.ConfigFiles:
        """Return the files and directories that the configuration is from."""
        return config_files.ConfigFiles(self.conf.config_file or [],
                                        self.conf.config_dir or [])

    def read_paste(self) -> paste_reader.PasteConfig:
        """Read the api-paste.ini that nova-api loads.

        :raises PasteFileNotFound: when there is none, or two
        :raises PasteFileUnreadable: when it cannot be read
        :raises PasteFileNotUnderstood: when paste could not read it, either
        """
        path = self.api_paste or paste_file.find(
            self.environ, arguments=self.files_read().arguments())
        return paste_reader.PasteConfig(paste_file.read(path), path)

    def auth_strategies(self) -> tuple[str, ...]:
        """Return the names of the pipelines that composites of Nova use."""
        # NOTE: an option of Nova up to release 31.
        return (getattr(self.conf.api, 'auth_strategy', 'keystone'),)

    def aliases(self) -> list[list[str]]:
        """Return the lists of aliases that nova-api may enable.

        :returns: the list of nova.conf, and that of each section of the filter
            that names others
        :raises InvalidPasteOption: when such a section has another option
        """
        found = [list(self.conf.lockstatus.enabled_extensions)]
        try:
            config = self.read_paste()
        except exception.LockStatusException:
            # check_filter() reports it.
            return found
        for name in config.filters:
            options = {
                option: config.value(section, option)
                for section in config.find('filter', name)
                for option in config.names(section)
                if option not in ('use', 'paste.filter_factory')}
            aliases = lockstatus_filter.aliases(self.conf, options)
            if aliases not in found:
                found.append(aliases)
        return found

    def known_aliases(self) -> set[str]:
        """Return the aliases of all lists that can be read."""
        try:
            return {alias for aliases in self.aliases() for alias in aliases}
        except exception.InvalidPasteOption:
            # check_extensions() reports it.
            return set(self.conf.lockstatus.enabled_extensions)


def notification_drivers(conf: cfg.ConfigOpts) -> set[str]:
    """Return the names of the drivers that send Nova's notifications."""
    from oslo_messaging import opts as messaging_opts
    for group, options in messaging_opts.list_opts():
        if group == 'oslo_messaging_notifications':
            conf.register_opts(options, group=group)
    return set(conf.oslo_messaging_notifications.driver) - {'', 'noop'}
