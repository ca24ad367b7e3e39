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

"""The JSON schemas of the calls of os-locks."""

from typing import Any

from nova_lockstatus.core import lock_record

_KEYS: dict[str, Any] = {
    'locked_reason': {'type': ['string', 'null'], 'minLength': 1,
                      'maxLength': 255},
    'locked_until': {'type': ['string', 'null'], 'minLength': 1,
                     'maxLength': 64},
    'release': {'type': 'boolean'},
    'level': {'type': 'string', 'enum': list(lock_record.LEVELS)},
    'origin': {'type': ['string', 'null'],
               'pattern': lock_record.ORIGIN_PATTERN},
    'create': {'type': 'boolean'},
}

_ID = {'type': 'string', 'minLength': 1, 'maxLength': 255}


def _body(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    lock = {'type': 'object', 'properties': properties,
            'required': list(required), 'minProperties': 1,
            'additionalProperties': False}
    return {'type': 'object', 'properties': {'lock': lock},
            'required': ['lock'], 'additionalProperties': False}


CREATE = _body({
    'scope': {'type': 'string',
              'enum': [lock_record.PROJECT, lock_record.HOST]},
    'scope_id': _ID, **_KEYS}, 'scope', 'scope_id')

UPDATE = _body(_KEYS)

LIST: dict[str, Any] = {
    'server_id': {'type': 'string', 'format': 'uuid'},
    'project_id': _ID,
    'host': _ID,
    'level': _KEYS['level'],
    'origin': {'type': 'string', 'pattern': lock_record.ORIGIN_PATTERN},
    'expired': {'type': 'string', 'enum': ['true', 'false', 'True', 'False',
                                           '1', '0']},
    'locked_by': {'type': 'string', 'enum': ['owner', 'admin']},
    'limit': {'type': 'string', 'pattern': '^[0-9]+\\Z'},
    'marker': {'type': 'string', 'format': 'uuid'},
}
