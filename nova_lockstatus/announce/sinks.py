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

"""To whom changes of hosts are told."""

from collections.abc import Sequence

from oslo_config import cfg

from nova_lockstatus.notifications import host_status as notifications

NOTIFICATIONS = 'notifications'
"""Nova's notifications, in the forms that are configured."""


def wanted(conf: cfg.ConfigOpts) -> Sequence[str]:
    """Tell to whom a change is to be told.

    :param conf: Nova's configuration
    :returns: the names of the sinks, none where nobody is told
    """
    if conf.lockstatus.announce_host_status and (
            notifications.sends_versioned(conf)
            or notifications.sends_unversioned(conf)):
        return (NOTIFICATIONS,)
    return ()
