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

"""What is told of a server, in the words that all forms of telling share."""

from typing import Any

from nova_lockstatus import stored_reason
from nova_lockstatus.announce import change as changes


def of(change: changes.Change, server: Any, shows_host: bool
       ) -> dict[str, Any]:
    """Say what a change of a host means to one of its servers.

    :param change: the change
    :param server: what :mod:`nova_lockstatus.announce.servers` reads
    :param shows_host: whether to name the host
    :returns: what is told, by the names that Nova's notifications have. What
        the server and the telling are known by is left to each form
    """
    facts = {
        'tenant_id': server.project_id,
        'user_id': server.user_id,
        'display_name': server.display_name,
        'state': server.vm_state,
        'locked': server.locked,
        'locked_by': server.locked_by,
        'locked_reason': stored_reason.read(server.system_metadata),
        'host_status': change.new,
        'old_host_status': change.old,
        'changed_at': change.changed_at.strftime('%Y-%m-%dT%H:%M:%SZ'),
    }
    if shows_host:
        facts['host'] = change.host
    return facts
