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

"""The locks of the demo that end, that only protect, and of a project."""

import datetime
import os
from collections.abc import Callable
from typing import Any

from nova.conf import CONF

from nova_lockstatus.db import database
from nova_lockstatus.db import migration
from nova_lockstatus.embedded import identity
from nova_lockstatus.embedded import nova
from nova_lockstatus.embedded import sample_data

ENDING, PROTECTED, OF_A_PROJECT = NAMES = 'mail-1', 'archive-1', 'shop-1'


def config(folder: str) -> dict[tuple[str | None, str], Any]:
    """Return the options that such locks need.

    :param folder: where the plugin's database is
    """
    return {
        ('lockstatus', 'enabled_extensions'): [
            'os-server-locked-status', 'os-server-host-status',
            'os-hypervisor-status', 'os-server-locks'],
        ('lockstatus', 'connection'): 'sqlite:///' + os.path.join(
            os.path.abspath(folder), 'lockstatus.sqlite')}


def make_tables() -> None:
    """Make the tables of the plugin, without which no server is made."""
    migration.sync(database.open_store(CONF))


def build(
    embedded: nova.EmbeddedNova, progress: Callable[[str], None],
) -> None:
    """Boot servers, and lock them.

    Those of an earlier run are left as they are.

    :raises RuntimeError: when Nova refuses a step
    """
    if ENDING in sample_data.list_servers(embedded, 'admin'):
        return
    ids = {}
    for name, token in ((ENDING, 'owner'), (PROTECTED, 'owner'),
                        (OF_A_PROJECT, 'other')):
        progress(f'Booting {name} on compute1')
        ids[name] = embedded.boot_server(name, token, host='compute1')
    progress('Locking mail-1 for two hours, archive-1 against deletion, and '
             'the project other')
    until = (datetime.datetime.now(datetime.timezone.utc)
             + datetime.timedelta(hours=2))
    for name, keys in (
        (ENDING, {'locked_reason': 'mailboxes are moved', 'release': True,
                  'locked_until': until.isoformat(timespec='seconds')}),
        (PROTECTED, {'locked_reason': 'legal hold', 'level': 'delete'}),
    ):
        sample_data.call(embedded, 'POST', f'/v2.1/servers/{ids[name]}/action',
                         'admin', {'lock': keys})
    sample_data.call(embedded, 'POST', '/v2.1/os-locks', 'admin', {'lock': {
        'scope': 'project', 'scope_id': identity.OTHER.project_id,
        'locked_reason': 'contract has ended', 'create': True}})
