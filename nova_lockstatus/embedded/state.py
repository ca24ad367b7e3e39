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

"""Keeps the embedded Nova's databases across runs."""

import contextlib
import json
import os
import pathlib
import sqlite3
from typing import Any

from nova import context as nova_context
from nova import objects
from nova import version
from nova.db.api import api as api_db
from placement import db_api as placement_db

_ABOUT = 'about.json'


class StateError(RuntimeError):
    """A state directory that cannot be used; the message says why."""


class StateDir:
    """A directory with one SQLite file for each database.

    The databases themselves are in memory, as Nova's fixtures want them.

    :param path: the directory; made where it does not exist
    :raises StateError: when the directory cannot be written, or was written
        by another Nova or for other hosts or cells
    """

    def __init__(self, path: str, hosts: tuple[str, ...], cells: int) -> None:
        self._path = path
        self._about = {'nova': version.version_string(),
                       'hosts': list(hosts), 'cells': cells}
        try:
            os.makedirs(path, exist_ok=True)
            _write(os.path.join(path, '.writable'), '')
            os.unlink(os.path.join(path, '.writable'))
        except OSError as exc:
            raise StateError(
                f'{path} cannot be written: {exc.strerror}') from exc
        if self.exists() and self._read_about() != self._about:
            raise StateError(
                f'{path} was written by {self._read_about()}, and this is '
                f'{self._about}: name another directory')

    def exists(self) -> bool:
        """Tell whether an earlier run has left its databases here."""
        return os.path.exists(os.path.join(self._path, _ABOUT))

    def _read_about(self) -> Any:
        try:
            with open(os.path.join(self._path, _ABOUT),
                      encoding='utf-8') as source:
                return json.load(source)
        except (OSError, ValueError) as exc:
            raise StateError(f'{self._path} cannot be read: {exc}') from exc

    def save(self, cell_mappings: dict[str, Any]) -> None:
        """Write the running Nova's databases into the directory.

        :raises StateError: when a file cannot be written
        """
        try:
            for name, engine in _engines(cell_mappings).items():
                path = self._database(name)
                with contextlib.closing(
                        sqlite3.connect(f'{path}.new')) as target:
                    _driver_connection(engine).backup(target)
                os.replace(f'{path}.new', path)
            _write(os.path.join(self._path, _ABOUT), json.dumps(self._about))
        except (OSError, sqlite3.Error) as exc:
            raise StateError(f'{self._path} cannot be written: {exc}') from exc

    def restore(self, cell_mappings: dict[str, Any]) -> dict[str, Any]:
        """Overwrite the running Nova's databases with the directory's.

        :returns: the host mappings now in the database, by host
        :raises StateError: when a file cannot be read
        """
        try:
            for name, engine in _engines(cell_mappings).items():
                path = pathlib.Path(self._database(name)).resolve()
                with contextlib.closing(sqlite3.connect(
                        f'{path.as_uri()}?mode=ro', uri=True)) as source:
                    source.backup(_driver_connection(engine))
        except sqlite3.Error as exc:
            raise StateError(f'{path} cannot be read: {exc}') from exc
        context = nova_context.get_admin_context()
        return {
            mapping.host: mapping
            for cell in cell_mappings.values()
            for mapping in objects.HostMappingList.get_by_cell_id(
                context, cell.id)}

    def _database(self, name: str) -> str:
        return os.path.join(self._path, f'{name}.sqlite')


def _engines(cell_mappings: dict[str, Any]) -> dict[str, Any]:
    engines = {'api': api_db.get_engine(),
               'placement': placement_db.get_placement_engine()}
    for name, mapping in cell_mappings.items():
        with nova_context.target_cell(
                nova_context.get_admin_context(), mapping) as cctxt:
            engines[name] = cctxt.db_connection.writer.get_engine()
    return engines


def _driver_connection(engine: Any) -> sqlite3.Connection:
    # NOTE: a database in memory has one connection only (oslo.db's
    # StaticPool), so this is the one that Nova uses.
    connection: sqlite3.Connection = (
        engine.raw_connection().driver_connection)
    return connection


def _write(path: str, text: str) -> None:
    with open(path, 'w', encoding='utf-8') as target:
        target.write(text)
