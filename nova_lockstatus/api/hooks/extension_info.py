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

"""Lists the pipeline's extensions in GET /extensions."""

from collections.abc import Callable
from typing import Any

import webob.exc

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import CURRENT

CONTROLLER = ('nova.api.openstack.compute.extension_info:'
              'ExtensionInfoController')


def _index(original: Callable[..., Any], controller: Any,
           *args: Any, **kwargs: Any) -> Any:
    result = original(controller, *args, **kwargs)
    state = CURRENT.get()
    if state is None:
        return result
    # Nova returns its one list for all requests: it is not to be changed.
    entries = list(result['extensions'])
    known = {entry['alias'] for entry in entries}
    entries.extend(extension.describe()
                   for extension in state.pipeline.extensions.values()
                   if extension.alias not in known)
    return {'extensions': sorted(entries, key=lambda entry: entry['alias'])}


def _show(original: Callable[..., Any], controller: Any, req: Any, id: str,
          **kwargs: Any) -> Any:
    try:
        return original(controller, req, id, **kwargs)
    except webob.exc.HTTPNotFound:
        state = CURRENT.get()
        if state is None or id not in state.pipeline.extensions:
            raise
        return {'extension': state.pipeline.extensions[id].describe()}


# NOTE: /v2 and /v2.1 have a list each, both sorted by alias, since release 12.
# The methods are wrapped rather than the lists extended, since a process can
# have pipelines with other extensions, or with none. The check of the caller's
# rights and of the query stands in the methods, before the alias is looked up.
HOOKS = (
    Hook(CONTROLLER, 'index', ('self', 'req'), _index),
    Hook(CONTROLLER, 'show', ('self', 'req', 'id'), _show),
)
