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

"""nova-lockstatus-watch as operators run it, over databases in files."""

import signal
from importlib import metadata

from nova_lockstatus.tests.fixtures.watch_process_case import ProcessTestCase


class WatchProcessTestCase(ProcessTestCase):

    def test_finds_goes_on_after_sighup_and_ends(self):
        self.make_databases()
        self.insert_host()
        server_id = self.insert_server()
        process = self.start()
        self.wait_for('nova-lockstatus-watch is running: guard every 1 s, '
                      'guard probe is off')
        found = 'The server %s is locked and should be suspended, but runs'
        self.wait_for(found % server_id)
        self.configure('off')
        process.send_signal(signal.SIGHUP)
        self.wait_for('nova-lockstatus-watch is running: guard is off')
        self.assertIsNone(process.poll())
        self.stop(process)
        self.assertNotIn('Traceback', self.log.read_text())

    def test_database_that_is_away(self):
        """The service waits for it, and stops all the same."""
        process = self.start()
        self.wait_for('The list of cells cannot be read (task: guard)')
        self.stop(process)

    def test_wrong_option(self):
        self.configure('maybe')
        self.assertNotEqual(0, self.start().wait(60))
        self.assertIn('maybe', self.log.read_text())

    def test_wrong_webhook(self):
        with open(self.config, 'a') as config:
            config.write('webhooks = acme\n[lockstatus_webhook_acme]\n'
                         'project_id = p1\nsecret = not-told\n'
                         'url = http://hooks.example.com/\n')
        self.assertEqual(1, self.start().wait(60))
        lines = [line for line in self.log.read_text().splitlines()
                 if ' ERROR ' in line]
        self.assertEqual(1, len(lines), lines)
        self.assertIn("The webhook 'acme' cannot be used: "
                      '[lockstatus_webhook_acme]url does not begin with '
                      'https://.', lines[0])
        self.assertNotIn('not-told', self.log.read_text())

    def test_help(self):
        self.assertEqual(0, self.start('--help').wait(60))
        self.assertIn('--config-file', self.log.read_text())

    def test_version(self):
        self.assertEqual(0, self.start('--version').wait(60))
        self.assertEqual(metadata.version('nova-lockstatus') + '\n',
                         self.log.read_text())

    def test_files_of_the_environment(self):
        process = self.start(env={'OS_NOVA_CONFIG_DIR': self.folder})
        self.wait_for('nova-lockstatus-watch is running: guard every 1 s')
        # So are the options after a signal.
        self.configure('off')
        process.send_signal(signal.SIGHUP)
        self.wait_for('nova-lockstatus-watch is running: guard is off')
        self.stop(process)

    def test_files_that_are_not_there(self):
        advice = ('name the files with --config-file, or set '
                  'OS_NOVA_CONFIG_DIR and OS_NOVA_CONFIG_FILES as nova-api '
                  'has them.\n')
        self.assertEqual(1, self.start(
            env={'OS_NOVA_CONFIG_DIR': '/no/such'}).wait(60))
        self.assertEqual(
            'The configuration of Nova cannot be read: Failed to find some '
            'config files: /no/such/nova.conf; ' + advice,
            self.log.read_text())
        process = self.start(env={'HOME': '/no/such'})
        self.wait_for('No nova.conf was found, the defaults of all options '
                      'are in force: ' + advice)
        self.wait_for('nova-lockstatus-watch is running')
        self.stop(process)
