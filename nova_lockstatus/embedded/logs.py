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

"""Keeps the newest lines of Nova's log."""

import collections
import logging

import fixtures

_FORMAT = '%(asctime)s %(levelname)s [%(name)s] %(message)s'


class BoundedLogging(fixtures.Fixture):
    """Keeps the newest log lines, in place of Nova's StandardLogging.

    That keeps every line for as long as a test runs; the demo may run for
    days.

    :param lines: the queue that gets them, which has a maximum length
    """

    def __init__(self, lines: collections.deque[str]) -> None:
        super().__init__()
        self._lines = lines

    def _setUp(self) -> None:
        handler = _Handler(self._lines)
        handler.setFormatter(logging.Formatter(_FORMAT))
        root = logging.getLogger()
        self.addCleanup(root.setLevel, root.level)
        self.useFixture(fixtures.LogHandler(
            handler, level=logging.INFO, nuke_handlers=True))
        # NOTE: as StandardLogging does: what runs a main() of Nova's must
        # not set up logging anew.
        self.useFixture(
            fixtures.MonkeyPatch('oslo_log.log.setup', lambda *args: None))

    @property
    def logger(self) -> 'BoundedLogging':
        """Be what Nova's TestCase expects: ``stdlog.logger.output``."""
        return self

    @property
    def output(self) -> str:
        """The lines kept, as one text."""
        return ''.join(f'{line}\n' for line in list(self._lines))

    def delete_stored_logs(self) -> None:
        """Forget the lines kept."""
        self._lines.clear()


class _Handler(logging.Handler):
    def __init__(self, lines: collections.deque[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))
