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

"""Makes the tables of the store, and brings them to the newest version."""

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

VERSION_TABLE = 'lockstatus_alembic_version'
"""Not alembic's own name, so that another program can use the database."""


def _config() -> Any:
    config = alembic_config.Config()
    folder = pathlib.Path(__file__).parent / 'migrations'
    # NOTE: a % is part of the syntax of configparser.
    config.set_main_option('script_location',
                           str(folder).replace('%', '%%'))
    return config


def newest() -> str:
    """Return the newest version that this program knows."""
    return str(script.ScriptDirectory.from_config(_config())
               .get_current_head())


def _read(connection: Any) -> str | None:
    """Read which version the tables have.

    :raises StoreNewer: when this program does not know it
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
    """See whether the tables are those of this program. Makes nothing.

    :param store: the store
    :raises StoreNotSynced: when they are not there, or older
    :raises StoreNewer: when they are newer
    :raises StoreUnreachable: when the database cannot be used
    """
    with store.connect() as connection:
        if _read(connection) != newest():
            raise exception.StoreNotSynced()


def sync(store: database.Store) -> tuple[str | None, str]:
    """Bring the tables to the newest version.

    :param store: the store
    :returns: the version that they had, None if they were not there, and the
        one that they have
    :raises StoreNewer: when they are newer
    :raises StoreUnreachable: when the database cannot be used
    """
    config = _config()
    with store.connect(making=True) as connection:
        before = _read(connection)
        config.attributes['connection'] = connection
        command.upgrade(config, 'head')
    return before, newest()
