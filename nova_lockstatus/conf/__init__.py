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

"""The plugin's configuration options."""

from collections.abc import Iterable

from oslo_config import cfg

from nova_lockstatus.conf import lockstatus
from nova_lockstatus.conf import metrics
from nova_lockstatus.conf import watch
from nova_lockstatus.conf import webhooks

OPTS = [*lockstatus.OPTS, *watch.OPTS, *webhooks.OPTS, *metrics.OPTS]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the plugin's options in Nova's configuration."""
    # NOTE: oslo.config copies a group, but not what is set of its options: two
    # configurations of one process would share it.
    group = lockstatus.GROUP
    conf.register_group(cfg.OptGroup(group.name, group.title, group.help))
    conf.register_opts(OPTS, group=group.name)


def list_opts() -> Iterable[tuple[str, list[cfg.Opt]]]:
    """Return the options for oslo-config-generator."""
    return [(lockstatus.GROUP.name, OPTS),
            (webhooks.group('name'), webhooks.TARGET_OPTS)]
