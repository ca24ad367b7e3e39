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

"""Reports to the store that this nova-lockstatus-watch runs."""

import datetime
import threading
from collections.abc import Callable
from typing import TypeVar

from oslo_config import cfg

from nova_lockstatus import exception
from nova_lockstatus.db import database
from nova_lockstatus.db import watch_process
from nova_lockstatus.utils.log_once import LogOnce

T = TypeVar('T')

REMOVE_AFTER = datetime.timedelta(days=1)
"""The age at which the last report of another host is removed."""


class Heartbeat:
    """Reports again and again, and removes the report at the end."""

    name = 'sign of life'
    interval = watch_process.HEARTBEAT_SECONDS

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store) -> None:
        self._conf = conf
        self._store = store
        self._started_at = watch_process.now()
        self._reported: watch_process.WatchProcess | None = None
        self._log_once = LogOnce()

    def run(self, stop: threading.Event) -> None:
        """Report once.

        :param stop: not used, as a report is short
        """
        now = watch_process.now()
        watch = watch_process.WatchProcess(
            self._conf.host, self._started_at, now)
        if self._try(watch_process.report, watch):
            self._reported = watch
            self._try(watch_process.remove_older, now - REMOVE_AFTER)

    def end(self) -> None:
        """Remove the report: a process that was stopped is not missed.

        After a report that failed nothing is tried: a stop must not wait for
        a database.
        """
        reported, self._reported = self._reported, None
        if reported is not None:
            self._try(watch_process.remove, reported)

    def _try(self, function: Callable[[database.Store, T], object], value: T
             ) -> bool:
        what = ('The database of the plugin cannot be written (task: %s)'
                % self.name)
        try:
            function(self._store, value)
        except exception.StoreUnreachable as error:
            # The log has a line for each cause.
            cause = error.__cause__
            assert isinstance(cause, Exception)
            self._log_once.failed(what, cause)
        except Exception as error:
            self._log_once.failed(what, error)
        else:
            self._log_once.worked(what)
            return True
        self._reported = None
        return False
