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

"""The database of a cell takes what is asked and does not answer."""

import threading

import fixtures
from nova import context
from nova.db.main import api as db
from sqlalchemy import engine
from sqlalchemy import event


class HangingCell(fixtures.Fixture):
    """Has one cell not answer some statements.

    :param nova: the Nova that has it
    :param cell: its name
    :param text: what is in the statements
    """

    def __init__(self, nova, cell, text):
        self._mapping = nova.services.cell_mappings[cell]
        self._text = text
        self._goes_on = threading.Event()
        self.hanging = 0
        """How many statements were not answered at once."""

    def _setUp(self):
        with context.target_cell(context.get_admin_context(),
                                 self._mapping) as targeted:
            self._engine = db.get_engine(context=targeted)
        event.listen(engine.Engine, 'before_cursor_execute', self._wait)
        self.addCleanup(event.remove, engine.Engine, 'before_cursor_execute',
                        self._wait)
        self.addCleanup(self.answer)

    def answer(self):
        """Have it answer from now on, and what it was asked before."""
        self._goes_on.set()

    def _wait(self, connection, cursor, statement, *args):
        if (connection.engine is self._engine and self._text in statement
                and not self._goes_on.is_set()):
            self.hanging += 1
            self._goes_on.wait(30)
