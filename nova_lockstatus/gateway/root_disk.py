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

"""Tells where the root disk of a server is."""

from typing import Any

from nova import exception as nova_exception
from nova import objects
from nova.compute import utils as compute_utils

RELIES_ON = ('nova.compute.utils:is_volume_backed_instance',
             'nova.objects.block_device:'
             'BlockDeviceMapping.get_by_volume_and_instance')


def is_local(instance: Any) -> bool:
    """Tell whether the root disk is no volume.

    :param instance: the Instance, with a context of its cell
    """
    return not compute_utils.is_volume_backed_instance(
        instance._context, instance)


def is_volume(instance: Any, volume_id: str) -> bool:
    """Tell whether a volume is the root disk.

    :param instance: the Instance, with a context of its cell
    """
    try:
        mapping = objects.BlockDeviceMapping.get_by_volume_and_instance(
            instance._context, volume_id, instance.uuid)
    except nova_exception.VolumeBDMNotFound:
        return False
    return bool(mapping.boot_index == 0)
