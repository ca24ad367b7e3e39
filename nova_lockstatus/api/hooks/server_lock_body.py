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

"""Reads the body of a lock, at every microversion."""

from typing import Any

from nova import exception as nova_exception
from nova.api.openstack.compute.schemas import lock_server as schemas
from nova.api.validation import validators

from nova_lockstatus.core import lock_reason

KEY = lock_reason.KEY

# NOTE: its name had one more underscore in older releases.
LOCK_SCHEMA = getattr(schemas, 'lock_v273', None) or schemas.lock_v2_73


def validate(schema: Any, body: Any, key: str) -> None:
    """Check a body as Nova does.

    :param key: what it is about
    :raises ValidationError: when it does not fit, with Nova's words
    """
    try:
        validators._SchemaValidator(schema).validate(body)
    except RecursionError as error:
        # The validator puts all of a value into its words.
        raise nova_exception.ValidationError(
            detail='Invalid input for field/attribute %s. It is nested too '
                   'deeply.' % key) from error


def requested_reason(body: Any) -> str | None:
    """Read the reason in the body of a lock, at whatever microversion.

    :param body: the body, which stock Nova accepts in any form below 2.73
    :returns: the reason, None where the body has none
    :raises ValidationError: when it is no string of 1 to 255 characters, with
        the words of Nova 2.73
    """
    lock = body.get('lock') if isinstance(body, dict) else None
    if not isinstance(lock, dict) or KEY not in lock:
        return None
    reason: Any = lock[KEY]
    validate(LOCK_SCHEMA, {'lock': {KEY: reason}}, KEY)
    try:
        reason.encode()
    except UnicodeEncodeError as error:
        raise nova_exception.ValidationError(
            detail='Invalid input for field/attribute %s. It is no Unicode '
                   'text.' % KEY) from error
    return str(reason)
