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

"""Creates the tables of the store, and upgrades them."""

from __future__ import annotations

import pathlib
from typing import Any

from alembic import command
from alembic import config as alembic_config
from alembic import migration as alembic_migration
from alembic import script
from alembic import util

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import sync_lock

VERSION_TABLE = 'lockstatus_alembic_version'
"""Not alembic's default, so that another program can use the database."""


def _config() -> Any:
    config = alembic_config.Config()
    folder = pathlib.Path(__file__).parent / 'migrations'
    # NOTE: a % is part of the syntax of configparser.
    config.set_main_option('script_location',
                           str(folder).replace('%', '%%'))
    return config


def newest() -> str:
    """Return the newest version that this release knows."""
    return str(script.ScriptDirectory.from_config(_config())
               .get_current_head())


def _read(connection: Any) -> str | None:
    """Read the version of the tables.

    :raises StoreNewer: when this release does not know it
    """
    context = alembic_migration.MigrationContext.configure(
        connection, opts={'version_table': VERSION_TABLE})
    heads = context.get_current_heads()
    scripts = script.ScriptDirectory.from_config(_config())
    for head in heads:
        try:
            scripts.get_revision(head)
        except util.CommandError as error:
            raise exception.StoreNewer(found=head,
                                       known=newest()) from error
    return heads[0] if heads else None


def check(store: database.Store) -> None:
    """Check that the tables have the version of this release.

    :raises StoreNotSynced: when they do not exist, or are older
    :raises StoreNewer: when they are newer
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        if _read(connection) != newest():
            raise exception.StoreNotSynced()


def sync(store: database.Store) -> tuple[str | None, str]:
    """Upgrade the tables to the newest version, or create them.

    It can be repeated, wherever an earlier run was killed. Processes that do
    this at the same time wait for one another.

    :returns: the version before, None if they did not exist, and after
    :raises StoreNewer: when they are newer
    :raises StoreTableForeign: when another program has a table of that name
    :raises StoreUnreachable: when the database cannot be used
    """
    config = _config()
    with store.connect(create=True) as connection, sync_lock.held(connection):
        before = _read(connection)
        config.attributes['connection'] = connection
        command.upgrade(config, 'head')
    return before, newest()
