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

"""The upgrade check, and the watch that reports to it."""

import datetime
import os
import pathlib
import signal

from nova_lockstatus.db import watch_process
from nova_lockstatus.tests.fixtures.watch_process_case import ProcessTestCase
from nova_lockstatus.tests.fixtures.watch_process_case import StoreTestCase

SECOND = datetime.timedelta(seconds=1)

NOT_SYNCED = (
    'The database that [lockstatus]connection names does not have the tables '
    'of this nova-lockstatus: run "nova-lockstatus db sync".')

CANNOT_BE_WRITTEN = (
    'The database of the plugin cannot be written (task: sign of life): ')


class WatchTestCase(StoreTestCase):
    """The check before a watch runs, while it does, and after it."""

    running = 'sign of life every 10 s'

    def reported(self):
        """Wait until the watch is in the store."""
        self.wait_for(self.running)
        store = self.store()
        self.wait_until(lambda: watch_process.list_all(store))
        return watch_process.list_all(store)

    def test_before_during_and_after(self):
        self.configure('enforce')
        self.make_databases()
        self.assertEqual((2, NOT_SYNCED), self.check())
        self.assertFalse(pathlib.Path(
            self.folder, 'lockstatus.sqlite').exists())
        self.sync()
        code, text = self.check()
        self.assertEqual(2, code)
        self.assertRegex(text, r'^No nova-lockstatus-watch runs\. ')
        process = self.start()
        watch, = self.reported()
        self.assertEqual('ctl1', watch.host)
        self.assertEqual((0, 'ctl1'), self.check())
        process.send_signal(signal.SIGHUP)
        self.wait_for(self.running, 2)
        self.stop(process)
        self.assertEqual([], watch_process.list_all(self.store()))
        self.assertNotIn('Traceback', self.log.read_text())
        self.configure('report')
        self.assertEqual(1, self.check()[0])
        self.configure('off')
        self.assertEqual(0, self.check()[0])

    def test_killed(self):
        self.configure('enforce')
        self.make_databases()
        self.sync()
        process = self.start()
        watch, = self.reported()
        # Both processes that it may have: one would end in order without the
        # other.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        store = self.store()
        self.assertEqual(['ctl1'], [
            watch.host for watch in watch_process.list_all(store)])
        self.assertEqual((0, 'ctl1'), self.check())
        # A while later.
        watch_process.report(store, watch_process.WatchProcess(
            'ctl1', watch.started_at, watch.reported_at - 100 * SECOND))
        code, text = self.check()
        self.assertEqual(2, code)
        self.assertRegex(text, '^nova-lockstatus-watch has not reported from '
                         r'ctl1 for 1\d\d s\. Locked servers that should be '
                         'down are not watched over')
        # It is there again, and those that have been gone for long are not.
        watch_process.report(store, watch_process.WatchProcess(
            'ctl0', watch.started_at, watch.reported_at - 100000 * SECOND))
        self.start()
        self.wait_until(lambda: self.check()[0] == 0)
        self.assertEqual((0, 'ctl1'), self.check())

    def test_store_that_is_away_comes(self):
        """The guard works all the same, and the log has it once."""
        self.make_databases()
        server_id = self.insert_server()
        self.insert_host()
        process = self.start()
        self.wait_for(CANNOT_BE_WRITTEN + 'StoreNotSynced: ' + NOT_SYNCED)
        self.wait_for('The server %s is locked and should be' % server_id)
        self.sync()
        self.wait_for(CANNOT_BE_WRITTEN + 'works again')
        self.assertEqual(['ctl1'], [
            watch.host for watch in watch_process.list_all(self.store())])
        self.stop(process)
        self.assertEqual(1, self.log.read_text().count(
            CANNOT_BE_WRITTEN + 'StoreNotSynced'))

    def test_server_that_is_down(self):
        self.configure('report', 'mysql+pymysql://me:secret@127.0.0.1:1/x')
        code, text = self.check()
        self.assertEqual(2, code)
        self.assertRegex(text, 'cannot be used: .*127.0.0.1.* '
                         'run "nova-lockstatus db sync"')
        process = self.start()
        self.wait_for(CANNOT_BE_WRITTEN + 'DBConnectionError')
        self.stop(process)
        self.assertNotIn('secret', text + self.log.read_text())

    def test_wrong_connection(self):
        self.configure('report', 'secret')
        self.assertEqual(1, self.start().wait(60))
        self.assertIn('[lockstatus]connection cannot be used: it is no URL of '
                      'SQLAlchemy.', self.log.read_text())
        self.assertNotIn('secret', self.log.read_text())
        code, text = self.check()
        self.assertEqual(2, code)
        self.assertNotIn('secret', text)

    def test_no_store(self):
        ProcessTestCase.configure(self, 'enforce')
        self.assertEqual(
            (1, '[lockstatus]connection is not set, so it cannot be told '
             'whether nova-lockstatus-watch runs. [lockstatus]guard is '
             '"enforce". Set it, and run "nova-lockstatus db sync".'),
            self.check())
        process = self.start()
        self.wait_for('[lockstatus]connection is not set: this '
                      'nova-lockstatus-watch reports to no database that it '
                      'runs, and sends no notifications of hosts.')
        self.wait_for('guard probe is off')
        self.stop(process)
        self.assertNotIn('sign of life', self.log.read_text())
