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

"""Says what is wrong once, and once when it is well again."""

import logging

from oslo_log import log

LOG = log.getLogger(__name__)


class LogOnce:
    """Says what is wrong once, until it is well again or something else."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def failed(self, what: str, error: Exception) -> None:
        """Log a failure, if it is not the one that is known.

        :param what: what failed, as the line begins
        :param error: why
        """
        cause = type(error).__name__
        if self._said.get(what) != cause:
            self._said[what] = cause
            LOG.warning('%s: %s: %s. It is tried again; this is logged once '
                        'for each cause.', what, cause,
                        str(error).partition('\n')[0].rstrip('.'),
                        exc_info=LOG.isEnabledFor(logging.DEBUG))

    def worked(self, what: str) -> None:
        """Log that something works again, if it did not.

        :param what: as :meth:`failed` was told
        """
        if self._said.pop(what, None):
            LOG.info('%s: works again.', what)
