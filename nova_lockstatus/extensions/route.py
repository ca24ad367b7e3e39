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

"""A call of the API that an extension answers beside Nova's own."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request for a call of an extension, which has passed its checks.

    :param context: the caller's ``nova.context.RequestContext``
    :param path: the values of the placeholders in the path, by name
    :param body: the body, which fits the schema of the route; None where the
        route has none
    :param query: the query parameters, each of which fits its schema
    :param may: checks a policy rule for the caller and a target
    :param next_link: returns the URL of the next page of a list, from the
        path of the list and the marker
    :param conf: Nova's configuration
    """

    context: Any
    path: Mapping[str, str]
    body: Any
    query: Mapping[str, str]
    may: Callable[[str, dict[str, Any]], bool]
    next_link: Callable[[str, str], str]
    conf: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """A call of the API, at every microversion and at /v2.

    Nova's own calls come first: one that Nova has cannot be replaced.

    :param method: ``GET``, ``POST``, ``PUT`` or ``DELETE``
    :param path: as in Nova's table of routes, such as ``/os-racks/{id}``. The
        path with the caller's project before it is served, too
    :param function: answers the call, as ``module:function``, which is
        imported when nova-api starts. It gets an :class:`ApiRequest` and
        returns the body of the answer, or None. It refuses a call with an
        exception of ``webob.exc``
    :param rule: the policy rule that is checked first, with the caller's own
        project and user as the target. Where it refuses, the answer is 403
    :param status: of the answer
    :param body: the JSON schema of the body of ``POST`` or ``PUT``, None
        where it is not read. Another body is refused with 400
    :param query: the JSON schema of each query parameter, as text. A query
        with another parameter, or twice with one, is refused with 400
    """

    method: str
    path: str
    function: str
    rule: str
    status: int = 200
    body: Mapping[str, Any] | None = None
    query: Mapping[str, Any] = dataclasses.field(default_factory=dict)
