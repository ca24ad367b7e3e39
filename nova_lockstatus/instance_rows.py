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

"""Reads rows of many instances, past the objects that Nova makes of them."""

import collections
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy
from nova.db.main import models

from nova_lockstatus.core import lock_reason

RELIES_ON = ('nova.db.main.models:Instance.hidden',
             'nova.db.main.models:InstanceSystemMetadata')

# NOTE: hidden is what a server leaves in its old cell until a resize is
# confirmed; since release 20.
NOT_HIDDEN = sqlalchemy.or_(
    models.Instance.hidden == sqlalchemy.false(),
    models.Instance.hidden.is_(None))
"""The condition by which Nova lists an instance that is not deleted."""


def read_reasons(session: Any, uuids: Collection[str]
                 ) -> Mapping[str, Mapping[str, str]]:
    """Read what is stored of the reasons of locks, with one statement.

    :param session: of SQLAlchemy, in the instances' cell
    :param uuids: of which instances; without any, nothing is asked
    :returns: the rows of system metadata, by instance and key
    """
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    if uuids:
        row = models.InstanceSystemMetadata
        for uuid, key, value in session.execute(
                sqlalchemy.select(row.instance_uuid, row.key, row.value)
                .where(row.instance_uuid.in_(uuids), row.deleted == 0,
                       row.key.in_(lock_reason.KEYS))):
            found[uuid][key] = value
    return found
