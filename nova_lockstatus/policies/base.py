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

"""The parts that the policies share."""

from typing import Any

# NOTE: Nova's own rules since its release 26; they stand in the enforcer that
# the plugin's rules are registered with.
PROJECT_READER_OR_ADMIN = 'rule:project_reader_or_admin'
ADMIN = 'rule:context_is_admin'

ANYBODY = '@'

SHOWS_THE_SERVER = 'rule:os_compute_api:servers:show'
"""Nova's rule on who may show a server, whatever the operator made of it."""

SCOPE_TYPES = ['project']

SHOWS_A_SERVER: Any = [
    {'method': 'GET', 'path': '/servers/{server_id}'},
    {'method': 'GET', 'path': '/servers/detail'},
    {'method': 'PUT', 'path': '/servers/{server_id}'},
    {'method': 'POST', 'path': '/servers/{server_id}/action (rebuild)'},
]
"""The calls that return a whole server."""

SHOWS_ONE_SERVER: Any = SHOWS_A_SERVER[:1]
"""The call that returns one server."""
