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


"""Knows whether the cloud has the plugin, for the menu of each page."""

import time
from typing import Any

from openstack_dashboard.api import base

from nova_lockstatus.dashboard.compute import ComputeClient
from nova_lockstatus.dashboard.compute import ComputeError

LOCKED_STATUS = 'os-server-locked-status'

_SESSION_KEY = 'nova_lockstatus_has_plugin'

# Seconds for which what the cloud said counts, and a failure to ask it.
_KNOWN_FOR = 600
_UNKNOWN_FOR = 60

# Seconds: each page of Horizon waits for the answer.
_TIMEOUT = 5


def has_plugin(request: Any) -> bool:
    """Tell whether the cloud has the plugin.

    It is asked once for each session and region, and again after ten minutes.

    :returns: also False where it cannot be known, so that the page is hidden
    """
    url = base.url_for(request, 'compute')
    known = request.session.get(_SESSION_KEY)
    if known is None or known[0] != url or known[1] < time.time():
        known = [url, *_ask(request)]
        request.session[_SESSION_KEY] = known
    return bool(known[2])


def _ask(request: Any) -> tuple[float, bool]:
    """Ask the cloud for its extensions.

    NOTE: Nova itself lists os-hypervisor-status, which adds nothing to its
    API, so that alias says nothing.

    :returns: until when the answer counts, and whether the plugin is there
    """
    try:
        extensions = ComputeClient(request, _TIMEOUT).get(
            '/extensions')['extensions']
    except ComputeError:
        return time.time() + _UNKNOWN_FOR, False
    return time.time() + _KNOWN_FOR, any(
        extension['alias'] == LOCKED_STATUS for extension in extensions)
