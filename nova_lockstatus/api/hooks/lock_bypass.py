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

"""Asks who bypasses a lock for the reason, and records it."""

from typing import Any

import webob.exc
from nova import policy as nova_policy
from nova.conf import CONF

from nova_lockstatus.api.hooks import server_lock
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import bypass_reason
from nova_lockstatus.events.notifications import bypass as notifications
from nova_lockstatus.extensions import server_locks
from nova_lockstatus.gateway import bypass_action
from nova_lockstatus.utils import logs

LOG = logs.logger(__name__)

ALIAS = server_locks.ServerLocks.alias

UNRECORDED = ('The reason cannot be recorded, so nothing is changed. Please '
              'try again later.')


def use(state: RequestState, instance: Any) -> None:
    """Record why the caller changes a server though it is locked.

    It is done once in a request for each server, before the change.

    :param instance: its Instance, with its system metadata
    :raises Refused: when the caller has to say why and does not, or what the
        caller says cannot be recorded
    """
    if not _needs_reason(state) or instance.uuid in state.lock_bypass.recorded:
        return
    reason = _reason(state, 'Instance %s is locked' % instance.uuid)
    context = instance._context
    try:
        bypass_action.record(instance, reason, nova_policy.CONF.host)
    except Exception as error:
        LOG.exception('The bypass of the lock of the server %s cannot be '
                      'recorded. The call is refused with 503.',
                      instance.uuid)
        raise server_lock.Refused(webob.exc.HTTPServiceUnavailable(
            explanation=UNRECORDED)) from error
    state.lock_bypass.recorded.add(instance.uuid)
    LOG.warning('The user %(user)s bypasses the lock of the server %(server)s '
                'with the request %(request)s: %(reason)s', {
                    'user': context.user_id, 'server': instance.uuid,
                    'request': context.request_id, 'reason': reason})
    notifications.send(context.elevated(), instance, reason,
                       nova_policy.CONF.host)


def use_for_project(state: RequestState) -> None:
    """Log why the caller makes a server though the project is locked.

    :raises Refused: when the caller has to say why and does not
    """
    if not _needs_reason(state):
        return
    context = state.context
    reason = _reason(state, 'Project %s is locked' % context.project_id)
    LOG.warning('The user %(user)s bypasses the lock of the project '
                '%(project)s with the request %(request)s: %(reason)s', {
                    'user': context.user_id, 'project': context.project_id,
                    'request': context.request_id, 'reason': reason})


def _needs_reason(state: RequestState) -> bool:
    return bool(ALIAS in state.pipeline.extensions
                and CONF.lockstatus.bypass_needs_reason)


def _reason(state: RequestState, sentence: str) -> str:
    if state.lock_bypass.header is None:
        raise server_lock.Refused(webob.exc.HTTPConflict(
            explanation='%s. Who changes it nevertheless has to say why in '
                        'the header %s.' % (sentence, bypass_reason.HEADER)))
    reason = bypass_reason.parse(state.lock_bypass.header)
    if reason is None:
        raise server_lock.Refused(webob.exc.HTTPBadRequest(
            explanation='Invalid input for the header %s. It needs 1 to %d '
                        'characters of UTF-8.' % (
                            bypass_reason.HEADER, bypass_reason.MAX_LENGTH)))
    return reason
