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

"""Keeps the locks of a server when nova-api saves it whole.

Nova stores all system metadata of a server anew from the copy that it has read
before: a reason or a lock that was given in between is lost, and one that was
replaced or deleted comes back.
"""

from collections.abc import Callable
from typing import Any

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_reason
from nova_lockstatus.core import lock_rows
from nova_lockstatus.extensions import server_locked_status

ALIAS = server_locked_status.ServerLockedStatus.alias


def _update(original: Callable[..., Any], state: RequestState, context: Any,
            instance: Any, *args: Any) -> Any:
    metadata_type, model, metadata = args
    if metadata_type == 'system_metadata':
        stored = {row['key']: row['value'] for row in instance[metadata_type]}
        # What is as it was read in this transaction is not written.
        metadata = lock_rows.replace(
            lock_reason.replace(metadata, stored), stored)
    return original(context, instance, metadata_type, model, metadata)


# NOTE: the one function that stores the system metadata of an Instance that is
# saved, since before release 20. Locks and unlocks of these requests write it
# in ``gateway/instance_lock.py``.
HOOKS = (
    Hook('nova.db.main.api:', '_instance_metadata_update_in_place',
         ('context', 'instance', 'metadata_type', 'model', 'metadata'),
         _update, alias=ALIAS),
)
