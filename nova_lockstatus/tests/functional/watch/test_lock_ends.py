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

"""nova-lockstatus-watch and the ends of locks, as operators run it."""

import datetime
import re
import signal
import uuid

from nova_lockstatus.core import lock_record
from nova_lockstatus.core import lock_rows
from nova_lockstatus.tests.fixtures import watch_process_case

SENT = '"event_type": "%s"'

SERVERS = 20


class LockEndsProcessTestCase(watch_process_case.StoreTestCase):

    def configure(self, guard, url=None):
        super().configure(guard, url)
        with open(self.config, 'a') as config:
            config.write(
                '[lockstatus]\nenabled_extensions = os-server-locked-status, '
                'os-server-locks\n'
                '[notifications]\nnotification_format = versioned\n'
                '[oslo_messaging_notifications]\ndriver = log\n')

    def insert_locked(self, release):
        """Insert a server with a lock that has ended."""
        server_id = str(uuid.uuid4())
        now = datetime.datetime.utcnow()
        self.insert('instances', uuid=server_id, host='compute1',
                    vm_state='active', power_state=1, locked=1,
                    locked_by='owner', deleted=0, updated_at=str(now))
        rows = lock_rows.rows([lock_record.LockRecord(
            id=str(uuid.uuid4()), scope='server', scope_id=server_id,
            level='change', locked_by='owner', user_id='u', project_id='p',
            reason=None, origin=None, since=now, until=now, release=release)])
        for key, value in rows.items():
            self.insert('instance_system_metadata', instance_uuid=server_id,
                        key=key, value=value, deleted=0)
        return server_id

    def servers_of(self, event, text):
        """Return the servers that notifications in a log are about."""
        return [re.search('"uuid": "([^"]*)"', line).group(1)
                for line in text.splitlines() if SENT % event in line]

    def test_lifted_and_expired(self):
        self.make_databases()
        self.sync()
        lifted = self.insert_locked(True)
        expired = self.insert_locked(False)
        process = self.start()
        self.wait_for('lock ends every 0.5 s, expired locks every 0.5 s')
        self.wait_for(SENT % 'lockstatus.unlock')
        self.wait_for(SENT % 'lockstatus.lock.expired')
        text = self.log.read_text()
        self.assertEqual([lifted], self.servers_of('lockstatus.unlock', text))
        self.assertEqual([expired], self.servers_of(
            'lockstatus.lock.expired', text))
        self.stop(process)
        # Nor is it told by the next one.
        process = self.start()
        self.wait_for('lock ends every 0.5 s')
        self.insert_locked(False)
        self.wait_for(SENT % 'lockstatus.lock.expired')
        self.assertNotIn(expired, self.servers_of(
            'lockstatus.lock.expired', self.log.read_text()))
        self.stop(process)

    def test_killed_while_it_lifts(self):
        self.make_databases()
        self.sync()
        servers = {self.insert_locked(True) for _ in range(SERVERS)}
        process = self.start()
        self.wait_for('has come: the lock is lifted')
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = set(self.servers_of('lockstatus.unlock',
                                     self.log.read_text()))
        self.assertNotEqual(servers, before)
        process = self.start()
        self.wait_for(SENT % 'lockstatus.unlock', SERVERS - len(before))
        found = self.servers_of('lockstatus.unlock', self.log.read_text())
        self.assertEqual(servers, before | set(found))
        self.stop(process)
