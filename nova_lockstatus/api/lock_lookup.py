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

"""Finds the lock that a call of os-locks names."""

from typing import Any, NamedTuple

import webob.exc
from nova import exception as nova_exception
from nova.compute import api as compute_api
from oslo_utils import timeutils
from oslo_utils import uuidutils

from nova_lockstatus.api import lock_resource
from nova_lockstatus.api import lock_view
from nova_lockstatus.api import locks_over
from nova_lockstatus.core import lock_record
from nova_lockstatus.core import server_locks
from nova_lockstatus.core.lock_record import LockRecord
from nova_lockstatus.db import scope_locks
from nova_lockstatus.extensions.route import ApiRequest
from nova_lockstatus.gateway import lock_places
from nova_lockstatus.policies import server_locks as rules
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

UNREADABLE = ('The locks over the server cannot be read now. Please try again '
              'later.')


class FoundLock(NamedTuple):
    """A lock that the caller may see.

    :param target: of the policy rules
    :param instance: the Instance of the server that has it; None for the lock
        of a project or a host
    """

    record: LockRecord
    target: dict[str, Any]
    instance: Any = None


def find(request: ApiRequest) -> FoundLock:
    """Find the lock that the path names.

    :raises HTTPNotFound: when there is none, or the caller may not see it
    """
    lock_id = request.path['id']
    found = None
    if uuidutils.is_uuid_like(lock_id):
        found = _of_server(request, lock_id) or _of_scope(request, lock_id)
    if found is None:
        raise lock_resource.not_found(lock_id)
    return found


def unreadable(server_id: str, error: Exception
               ) -> webob.exc.HTTPServiceUnavailable:
    """Log that the locks over a server cannot be read, and make the answer."""
    LOG.error('The locks of the server %s cannot be read. The call is '
              'answered with 503: %s', server_id, error)
    return webob.exc.HTTPServiceUnavailable(explanation=UNREADABLE)


def _of_server(request: ApiRequest, lock_id: str) -> FoundLock | None:
    for server_id in lock_places.with_uuid_like(
            request.context, server_locks.server_part(lock_id)):
        try:
            instance = compute_api.API().get(request.context, server_id)
        except nova_exception.InstanceNotFound:
            continue
        target = {'project_id': instance.project_id,
                  'user_id': instance.user_id}
        if not request.may(rules.SERVER_INDEX, target):
            continue
        try:
            records = locks_over.shown_of_server(instance)
        except ValueError as error:
            raise unreadable(server_id, error) from error
        for record in records:
            if record.id == lock_id and lock_record.stands(
                    record, timeutils.utcnow()):
                return FoundLock(record, target, instance)
    return None


def _of_scope(request: ApiRequest, lock_id: str) -> FoundLock | None:
    if not lock_resource.has_store():
        return None
    record: LockRecord | None = lock_resource.ask(
        lambda store: scope_locks.get(store, lock_id))
    if record is None:
        return None
    target = lock_view.target(record)
    return FoundLock(record, target) if request.may(
        rules.SHOW, target) else None
