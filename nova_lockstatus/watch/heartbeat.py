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

"""Tells the store that this nova-lockstatus-watch runs."""

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

FORGOTTEN = datetime.timedelta(days=1)
"""After which a host that has not reported is forgotten by those that do."""


class Heartbeat:
    """Reports, and takes the report back at the end.

    A database that is away is logged once for each cause, and holds up no
    other duty.

    :param conf: Nova's configuration
    :param store: where to report
    """

    name = 'sign of life'
    interval = watch_process.REPORT_INTERVAL

    def __init__(self, conf: cfg.ConfigOpts, store: database.Store) -> None:
        self._conf = conf
        self._store = store
        self._started_at = watch_process.now()
        self._reported: watch_process.WatchProcess | None = None
        self._complaints = LogOnce()

    def run(self, stop: threading.Event) -> None:
        """Report once.

        :param stop: when it is set, there is nothing to report any more
        """
        now = watch_process.now()
        watch = watch_process.WatchProcess(
            self._conf.host, self._started_at, now)
        if self._try(watch_process.report, watch):
            self._reported = watch
            self._try(watch_process.remove_older, now - FORGOTTEN)

    def end(self) -> None:
        """Take the report back: who has stopped is not missed.

        Where the last report has failed, nothing is tried: a stop must not
        wait for a database.
        """
        reported, self._reported = self._reported, None
        if reported is not None:
            self._try(watch_process.remove, reported)

    def _try(self, function: Callable[[database.Store, T], object], value: T
             ) -> bool:
        what = '%s: the store cannot be written' % self.name
        try:
            function(self._store, value)
        except exception.StoreUnreachable as error:
            # Of which there are many kinds.
            cause = error.__cause__
            assert isinstance(cause, Exception)
            self._complaints.failed(what, cause)
        except Exception as error:
            self._complaints.failed(what, error)
        else:
            self._complaints.worked(what)
            return True
        self._reported = None
        return False
