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

"""Takes the keys of os-server-locks out of the body of a lock.

Nova's schema refuses them from microversion 2.73 on, and takes any before.
"""

from typing import Any

from nova import exception as nova_exception
from nova.conf import CONF
from oslo_utils import timeutils

from nova_lockstatus import exception
from nova_lockstatus.api.hooks import server_lock_body
from nova_lockstatus.api.request import RequestState
from nova_lockstatus.core import lock_record
from nova_lockstatus.extensions import server_locks

ALIAS = server_locks.ServerLocks.alias

UNTIL = 'locked_until'

PROPERTIES: dict[str, Any] = {
    UNTIL: {'type': ['string', 'null'], 'minLength': 1, 'maxLength': 64},
    'release': {'type': 'boolean'},
    'level': {'type': 'string', 'enum': list(lock_record.LEVELS)},
    'origin': {'type': ['string', 'null'],
               'pattern': lock_record.ORIGIN_PATTERN},
}

SCHEMA = {'type': 'object', 'properties': {
    'lock': {'type': 'object', 'properties': PROPERTIES}}}


def take_out(state: RequestState, call: str,
             action_args: dict[str, Any]) -> None:
    """Check the keys, keep their values, and hide them from Nova.

    :param call: the name of the call
    :param action_args: the arguments of Nova's controller, which are changed
    :raises ValidationError: when a value is none that the key can have, with
        Nova's words
    """
    body = action_args.get('body')
    if (call != 'lock' or ALIAS not in state.pipeline.extensions
            or not isinstance(body, dict)
            or not isinstance(lock := body.get('lock'), dict)):
        return
    given = {key: lock[key] for key in PROPERTIES if key in lock}
    if not given:
        return
    state.lock_given = parse(given)
    action_args['body'] = {**body, 'lock': {
        key: value for key, value in lock.items() if key not in given}}


def parse(given: dict[str, Any]) -> dict[str, Any]:
    """Check and read what a body gives beside the reason.

    :param given: the values by key
    :returns: the values by the field of a LockRecord
    :raises ValidationError: when a value is none that the key can have, with
        Nova's words
    """
    for key, value in given.items():
        server_lock_body.validate(SCHEMA, {'lock': {key: value}}, key)
    fields = dict(given)
    if UNTIL in fields:
        value = fields.pop(UNTIL)
        try:
            fields['until'] = None if value is None else (
                lock_record.parse_until(value, timeutils.utcnow(),
                                        CONF.lockstatus.max_lock_time))
        except exception.InvalidLockTime as error:
            raise nova_exception.ValidationError(detail=str(error)) from error
    return fields
