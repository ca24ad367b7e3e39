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

"""The examples in the documentation of the notifications."""

import contextlib
import importlib.util
import io
import json

import testtools

from nova_lockstatus.tests.unit.structure import source

DOC = source.TOP / 'doc'


class ListenTestCase(testtools.TestCase):

    def test_each_announcement_is_printed_once(self):
        spec = importlib.util.spec_from_file_location(
            'listen', DOC / 'source' / 'notifications' / 'listen.py')
        assert spec is not None and spec.loader is not None
        listen = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(listen)
        endpoint = listen.HostStatus()
        sample = json.loads((DOC / 'notification_samples' /
                             'lockstatus-host_status-update.json').read_text())
        self.assertTrue(endpoint.filter_rule.match(
            {}, sample['publisher_id'], sample['event_type'], {}, {}))
        self.assertFalse(endpoint.filter_rule.match(
            {}, sample['publisher_id'], 'lockstatus.lock', {}, {}))
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            for method in (endpoint.error, endpoint.info):
                method({}, sample['publisher_id'], sample['event_type'],
                       sample['payload'], {})
        self.assertEqual(
            '2026-11-21T12:00:00Z server 9168b536-cd40-4630-b43f-b259807c6e87 '
            'of project d3300000000000000000000000000001: UP -> DOWN\n',
            output.getvalue())

    def test_traits_are_in_the_payload(self):
        payload = json.loads(
            (DOC / 'notification_samples' /
             'compute-instance-host_status.json').read_text())['payload']
        text = (DOC / 'source' / 'notifications' /
                'host-status.yaml').read_text()
        names = [line.partition('payload.')[2]
                 for line in text.splitlines() if 'payload.' in line]
        self.assertEqual(
            ['host_status', 'old_host_status', 'changed_at', 'id'], names)
        self.assertEqual(set(), set(names) - set(payload))
