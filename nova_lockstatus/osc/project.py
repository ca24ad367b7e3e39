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

"""Which project is meant."""

from collections.abc import Callable
from typing import Any

from openstack import exceptions as sdk_exceptions

from nova_lockstatus.osc import error


def find_id(identity: Any, name_or_id: str, domain: str | None) -> str:
    """Find the id of a project.

    :param identity: the SDK's proxy of Keystone
    :param name_or_id: its name or id
    :param domain: the name or id of the domain that it is in
    :returns: its id; what was given, where the user may not look it up
    :raises error.CommandError: when there is none, or more than one
    """
    query = {}
    if domain is not None:
        query['domain_id'] = _find(identity.find_domain, 'domain', domain)
    return _find(identity.find_project, 'project', name_or_id, **query)


def _find(
    find: Callable[..., Any], what: str, name_or_id: str, **query: str,
) -> str:
    try:
        found: str = find(name_or_id, ignore_missing=False, **query).id
    except sdk_exceptions.DuplicateResource as exc:
        raise error.CommandError(
            "More than one %s has the name '%s': name one by its id, or a "
            'project by its domain too, with --project-domain.'
            % (what, name_or_id)) from exc
    except sdk_exceptions.HttpException as exc:
        # As a rule only administrators may look others up.
        if exc.status_code == 403:
            return name_or_id
        if not isinstance(exc, sdk_exceptions.NotFoundException):
            raise
        raise error.CommandError(
            "No %s has the name or id '%s'." % (what, name_or_id)) from exc
    return found
