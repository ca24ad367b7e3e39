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

"""Counts what goes to the database."""

import contextlib

from sqlalchemy import engine
from sqlalchemy import event
from sqlalchemy.engine import default


@contextlib.contextmanager
def counted():
    """Count meanwhile what goes to the database.

    :returns: a dict of numbers that grow
    """
    counts = {'selects': 0, 'statements': 0}

    def count(connection, cursor, statement, *args):
        counts['statements'] += 1
        # NOTE: by the last one older oslo.db sees, each time it takes a
        # connection out of the pool, whether it still is one.
        counts['selects'] += (statement.lstrip().startswith('SELECT')
                              and statement.strip() != 'SELECT 1')

    def counting(original):
        def call(dialect, connection):
            counts['statements'] += 1
            return original(dialect, connection)
        return call

    # NOTE: no event tells of the ROLLBACK for a connection that goes back
    # into the pool. Stable since before SQLAlchemy 1.4.
    ends = ('do_rollback', 'do_commit')
    originals = {end: getattr(default.DefaultDialect, end) for end in ends}
    event.listen(engine.Engine, 'before_cursor_execute', count)
    for end in ends:
        setattr(default.DefaultDialect, end, counting(originals[end]))
    try:
        yield counts
    finally:
        for end in ends:
            setattr(default.DefaultDialect, end, originals[end])
        event.remove(engine.Engine, 'before_cursor_execute', count)
