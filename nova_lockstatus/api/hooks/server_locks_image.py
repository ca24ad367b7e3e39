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

"""Keeps the locks of a server out of the images that are made of it.

Nova makes each key of a server's system metadata a property of its snapshots
that it does not know better. A server that is made of such an image has them
as properties of its image, which no lock comes from.
"""

from collections.abc import Callable
from typing import Any

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.core import lock_ends
from nova_lockstatus.core import lock_rows


def _get_image(original: Callable[..., Any], system_meta: Any) -> Any:
    image = original(system_meta)
    properties = image['properties']
    for key in [key for key in properties if lock_rows.is_key(key)
                or key == lock_ends.UNANNOUNCED_KEY]:
        del properties[key]
    return image


# NOTE: create_image() of nova-api calls it for each snapshot, backup and
# shelved server, since before release 20. It is wrapped for each request: a
# pipeline without os-server-locks makes images of the same servers.
HOOKS = (
    Hook('nova.utils:', 'get_image_from_system_metadata', ('system_meta',),
         _get_image),
)
