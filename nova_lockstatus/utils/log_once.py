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

"""Logs a failure once, and once more when it is over."""

import contextlib
import logging
from collections.abc import Iterator

from nova_lockstatus.utils import logs
from nova_lockstatus.utils import terminal

LOG = logs.logger(__name__)


class LogOnce:
    """Logs each failure once, until it is over or has another cause."""

    def __init__(self) -> None:
        self._causes: dict[str, str] = {}

    @contextlib.contextmanager
    def attempt(self, what: str, *failures: type[Exception]) -> Iterator[None]:
        """Log what the block raises, and go on after the block.

        :param what: the beginning of the line
        :param failures: the exceptions that are logged; others are raised
        """
        try:
            yield
        except failures as error:
            self.failed(what, error)
        else:
            self.worked(what)

    def failed(self, what: str, error: Exception) -> None:
        """Log a failure, unless it is the one that was logged last."""
        cause = type(error).__name__
        if self._causes.get(what) != cause:
            self._causes[what] = cause
            LOG.warning('%s: %s: %s. It is tried again; this is logged once '
                        'for each cause.', what, cause,
                        terminal.one_line(
                            str(error).partition('\n')[0]).rstrip('.'),
                        exc_info=LOG.isEnabledFor(logging.DEBUG))

    def worked(self, what: str) -> None:
        """Log that something works again, if it had failed."""
        if self._causes.pop(what, None):
            LOG.info('%s: works again.', what)
