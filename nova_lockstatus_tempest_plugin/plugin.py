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

"""What Tempest loads."""

import pathlib
from typing import Any

from oslo_config import cfg
from tempest.test_discover import plugins

from nova_lockstatus_tempest_plugin import config
from nova_lockstatus_tempest_plugin import schemas

_PACKAGE = pathlib.Path(__file__).parent


class LockStatusTempestPlugin(plugins.TempestPlugin):
    """The plugin."""

    def load_tests(self) -> tuple[str, str]:
        """Return the folder of the tests and the folder of the package."""
        return str(_PACKAGE / 'tests'), str(_PACKAGE.parent)

    def register_opts(self, conf: cfg.ConfigOpts) -> None:
        """Register the options, and do as one of them says.

        :param conf: the configuration of Tempest. Its file is read already.
        """
        conf.register_group(config.GROUP)
        conf.register_opts(config.OPTIONS, group=config.GROUP)
        # NOTE: of the methods that Tempest calls, only this one is called in
        # each process that runs tests, and has the configuration.
        if conf.lockstatus.accept_keys:
            schemas.accept_keys()

    def get_opt_lists(self) -> list[tuple[str, list[Any]]]:
        """Return the options for a sample of tempest.conf."""
        return [(config.GROUP.name, config.OPTIONS)]
