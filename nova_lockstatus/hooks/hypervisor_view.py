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

"""Remembers each hypervisor that Nova shows."""

from collections.abc import Callable
from typing import Any

from nova_lockstatus import answer as answers
from nova_lockstatus.hooks import base

CONTROLLER = 'nova.api.openstack.compute.hypervisors:HypervisorsController'


def _view_hypervisor(original: Callable[..., Any], controller: Any,
                     hypervisor: Any, service: Any, *args: Any,
                     **kwargs: Any) -> Any:
    answer = answers.CURRENT.get()
    if answer is None:
        return original(controller, hypervisor, service, *args, **kwargs)
    answer.hypervisors.viewed_service = service
    body = original(controller, hypervisor, service, *args, **kwargs)
    answer.hypervisors.viewed_service = None
    answer.hypervisors.add(body, hypervisor, service)
    return body


# NOTE: all of the controller's methods make the dict of a hypervisor with this
# one, since before release 20.
HOOKS = (
    base.Hook(CONTROLLER, '_view_hypervisor',
              ('self', 'hypervisor', 'service', 'detail', 'req'),
              _view_hypervisor),
)
