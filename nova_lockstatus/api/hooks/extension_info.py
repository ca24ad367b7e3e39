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

from collections.abc import Callable, Mapping
from typing import Any

import webob.exc

from nova_lockstatus.api.hook import Hook
from nova_lockstatus.api.request import CURRENT
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.extensions import base

CONTROLLER = ('nova.api.openstack.compute.extension_info:'
              'ExtensionInfoController')


def _shown(state: RequestState | None) -> Mapping[str, base.Extension]:
    """Return the extensions that the caller may be told of.

    An entry promises a client the keys of the extension at each microversion,
    so it is not for a caller who does not get them.
    """
    if state is None:
        return {}
    context = state.context
    own = {'project_id': context.project_id, 'user_id': context.user_id}
    if not state.access.allows_extra_keys(own):
        return {}
    return state.pipeline.extensions


def _index(original: Callable[..., Any], controller: Any,
           *args: Any, **kwargs: Any) -> Any:
    result = original(controller, *args, **kwargs)
    extensions = _shown(CURRENT.get())
    if not extensions:
        return result
    # Nova returns its one list for all requests: it is not to be changed.
    entries = list(result['extensions'])
    known = {entry['alias'] for entry in entries}
    entries.extend(extension.describe()
                   for extension in extensions.values()
                   if extension.alias not in known)
    return {'extensions': sorted(entries, key=lambda entry: entry['alias'])}


def _show(original: Callable[..., Any], controller: Any, req: Any, id: str,
          **kwargs: Any) -> Any:
    try:
        return original(controller, req, id, **kwargs)
    except webob.exc.HTTPNotFound:
        extensions = _shown(CURRENT.get())
        if id not in extensions:
            raise
        return {'extension': extensions[id].describe()}


# NOTE: /v2 and /v2.1 have a list each, both sorted by alias, since release 12.
# The methods are wrapped rather than the lists extended, since a process can
# have pipelines with other extensions, or with none. The check of the caller's
# rights and of the query stands in the methods, before the alias is looked up.
HOOKS = (
    Hook(CONTROLLER, 'index', ('self', 'req'), _index),
    Hook(CONTROLLER, 'show', ('self', 'req', 'id'), _show),
)
