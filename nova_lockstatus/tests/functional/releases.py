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

"""What the installed Nova and the clients that go with it can do.

The tests are the same for each release. Where one has not what a test is
about, the test asks here.
"""

from nova import version
from nova.api.openstack import api_version_request
from openstack.compute.v2 import server

SDK_KNOWS_REASONS = hasattr(server.Server, 'locked_reason')
"""Those of 2023.1 and 2023.2 do not."""

SDK_ASKS_FOR_LOCKED = 'locked' in server.Server._query_mapping._mapping
"""Whether ``server list --locked`` asks Nova. Those of 2024.1 and 2024.2 do
not, and list all servers."""


def has(microversion):
    """Tell whether the installed Nova has a microversion.

    :param microversion: as clients ask for it; ``latest`` each release has
    """
    if microversion == 'latest':
        return True
    newest = api_version_request.max_api_version()
    return api_version_request.APIVersionRequest(microversion) <= newest


STORED_UPTIMES = has('2.96')
"""Whether Nova shows the uptimes that hosts have stored: from 29 on."""


FIXTURES_KNOW_THREADS = int(version.version_string().split('.')[0]) >= 34
"""Whether Nova's own fixtures work in native threads, without eventlet."""


def offered(*microversions):
    """Return those of some microversions that the installed Nova has."""
    return tuple(filter(has, microversions))
