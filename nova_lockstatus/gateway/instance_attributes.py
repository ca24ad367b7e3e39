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

"""The attributes of Nova's Instance, and those that it loads lazily."""

from collections.abc import Iterable

from nova.objects import instance as nova_instance

from nova_lockstatus import exception
from nova_lockstatus.extensions import base


def check(extension: base.Extension) -> None:
    """Check that an Instance has the attributes that an extension reads.

    :raises BrokenExtension: when an Instance lacks one of them
    """
    for name in extension.instance_attributes:
        if name not in nova_instance.Instance.fields:
            raise exception.BrokenExtension(
                alias=extension.alias,
                problem="a server has no attribute '%s'" % name)


def lazy(names: Iterable[str]) -> set[str]:
    """Choose the attributes that Nova loads if ``expected_attrs`` has them."""
    # NOTE: INSTANCE_OPTIONAL_ATTRS: since before release 20.
    return set(names).intersection(nova_instance.INSTANCE_OPTIONAL_ATTRS)
