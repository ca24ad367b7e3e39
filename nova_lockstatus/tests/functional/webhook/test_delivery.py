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

"""Which events a webhook receives, from real hosts, over real HTTPS."""

import fixtures
from nova.conf import CONF

from nova_lockstatus import exception
from nova_lockstatus.cli import watch
from nova_lockstatus.conf import webhooks as options
from nova_lockstatus.db import outbox
from nova_lockstatus.tests.fixtures import base
from nova_lockstatus.tests.fixtures.webhook_case import PROJECTS
from nova_lockstatus.tests.fixtures.webhook_case import WebhooksTestCase


class DeliveryTestCase(WebhooksTestCase):

    def test_only_their_own_servers(self):
        self.put('compute1', forced_down=True)
        self.silence('compute2')
        self.watch.look()
        # nova-api and the watch have told what they tell, and no more.
        self.assertEqual({'s1', 'o1', 's2', 'o2'},
                         {told[0] for told in self.told()})
        self.assertEqual((2, 2), (self.waits('acme'), self.waits('other')))
        self.assertEqual(4, outbox.count(self.store))
        self.deliver()
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s2', 'UP', 'UNKNOWN')],
                         self.events('acme'))
        self.assertEqual([('o1', 'UP', 'DOWN'), ('o2', 'UP', 'UNKNOWN')],
                         self.events('other'))
        for name, project_id in PROJECTS.items():
            self.assertEqual({project_id}, {
                event['data']['tenant_id']
                for event in self.servers[name].events()})
        self.assertOutboxIsEmpty()

    def test_same_id_as_the_notification(self):
        self.put('compute1', forced_down=True)
        self.deliver()
        event, = self.servers['acme'].events()
        payload, = (payload for payload in self.payloads()
                    if payload['display_name'] == 's1')
        self.assertEqual((payload['id'], payload['uuid']),
                         (event['id'], event['subject']))
        for key, value in event['data'].items():
            self.assertEqual(payload[key], value, key)
        self.assertNotIn('host', event['data'])
        (path, headers, _body), = self.servers['acme'].requests
        self.assertEqual('/hook?a=b', path)
        self.assertEqual('application/cloudevents+json',
                         headers['Content-Type'])
        self.assertRegex(headers['X-Lockstatus-Signature'],
                         '^t=[0-9]+,v1=[0-9a-f]{64}$')

    def test_host_is_named_where_it_may_be(self):
        self.set('lockstatus', notify_host_names=True)
        self.put('compute1', forced_down=True)
        self.deliver('acme')
        event, = self.servers['acme'].events()
        self.assertEqual('compute1', event['data']['host'])

    def test_nova_sends_no_notifications(self):
        self.set('oslo_messaging_notifications', driver=[])
        self.assertEqual(0.5, self.watch.announced.interval)
        self.put('compute1', forced_down=True)
        self.silence('compute2')
        self.watch.look()
        self.deliver()
        self.assertEqual([('s1', 'UP', 'DOWN'), ('s2', 'UP', 'UNKNOWN')],
                         self.events('acme'))
        self.assertEqual([], self.told())
        self.assertOutboxIsEmpty()

    def test_store_without_tables(self):
        """What was for webhooks alone is told to nobody."""
        self.set('oslo_messaging_notifications', driver=[])
        self.set('lockstatus', connection='sqlite:///%s/empty.sqlite'
                 % self.useFixture(fixtures.TempDir()).path)
        self.app = base.load_app()
        with base.statements() as executed:
            self.put('compute1', forced_down=True)
            self.wait()
        self.assertEqual([], [statement for statement in executed
                              if 'FROM instances' in statement])
        self.assertIn('is announced once, without a retry', self.nova.log)

    def test_without_store(self):
        with fixtures.MonkeyPatch('nova_lockstatus.events.publisher._SHARED',
                                  {}):
            self.set('lockstatus', connection=None)
            self.app = base.load_app()
            self.put('compute1', forced_down=True)
            self.assertEqual({'s1', 'o1'}, {told[0] for told in self.told()})
            self.assertEqual(0, self.webhook('acme').interval)
        self.assertNotIn('Traceback', self.nova.log)

    def test_duties(self):
        names = [task.name for task in watch._make_tasks(CONF)]
        self.assertEqual(['webhook acme', 'webhook other'], names[-2:])
        self.set('lockstatus', connection=None)
        names = [task.name for task in watch._make_tasks(CONF)]
        self.assertNotIn('webhook acme', names)
        self.assertIn('Webhooks get no events', self.nova.log)
        # What is wrong stops it, with a store or not.
        self.set(options.group('acme'), secret='')
        self.assertRaises(exception.InvalidWebhook, watch._make_tasks,
                          CONF)

    def test_found_at_the_start(self):
        """One that can never work, before anything happens to a host."""
        self.deliver()
        self.assertEqual(0, self.count_logged('cannot be reached'))
        self.set('lockstatus', webhook_allowed_networks=['10.0.0.0/8'])
        task = self.webhook('acme')
        for _ in range(3):
            task.run(self.watch.stop)
        self.assertEqual(1, self.count_logged(
            'A webhook cannot work. The webhook acme cannot be reached: Its '
            'address is none that it may have: '))
        self.assertEqual(1, self.count_logged(
            '[lockstatus]webhook_allowed_networks'))
        self.assertEqual([], self.servers['acme'].requests)

    def test_nova_api_goes_on_where_one_is_wrong(self):
        self.set(options.group('acme'), url='http://localhost')
        with fixtures.MonkeyPatch('nova_lockstatus.events.publisher._SHARED',
                                  {}):
            self.app = base.load_app()
            self.assertIn("The webhook 'acme' cannot be used: "
                          '[lockstatus_webhook_acme]url does not begin with '
                          'https://.', self.nova.log)
            self.put('compute1', forced_down=True)
            self.assertEqual({'s1', 'o1'}, {told[0] for told in self.told()})
        self.assertEqual(1, self.waits('other'))
