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

"""The plugin's notifications leave Nova's connections alone."""

import fixtures
import oslo_messaging
import testtools
from nova import rpc
from nova.conf import CONF
from oslo_messaging import conffixture

from nova_lockstatus.events.notifications import own_notifier

URL = 'fake:'


class OwnNotifierTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        messaging = self.useFixture(conffixture.ConfFixture(CONF))
        messaging.transport_url = URL
        CONF.set_override('driver', ['messagingv2'],
                          group='oslo_messaging_notifications')
        self.addCleanup(CONF.clear_override, 'driver',
                        group='oslo_messaging_notifications')
        CONF.set_override('notification_format', 'both',
                          group='notifications')
        self.addCleanup(CONF.clear_override, 'notification_format',
                        group='notifications')
        for name in ('TRANSPORT', 'NOTIFICATION_TRANSPORT',
                     'LEGACY_NOTIFIER', 'NOTIFIER'):
            self.useFixture(fixtures.MonkeyPatch(
                'nova.rpc.' + name, getattr(rpc, name)))
        rpc.init(CONF)

    def test_own_connections(self):
        versioned = own_notifier.versioned(CONF, 'nova-api:h')
        unversioned = own_notifier.unversioned(CONF, 'api.h')
        self.assertEqual(('nova-api:h', 'api.h'), (
            versioned.publisher_id, unversioned.publisher_id))
        for notifier, form in ((versioned, 'versioned'),
                               (unversioned, 'unversioned')):
            nova_s = (rpc.NOTIFIER if form == 'versioned'
                      else rpc.LEGACY_NOTIFIER)
            self.assertIsNot(nova_s.transport._driver,
                             notifier.transport._driver)

    def test_says_the_same_to_the_same_topics(self):
        for notifier, nova_s in (
                (own_notifier.versioned(CONF, 'a'), rpc.NOTIFIER),
                (own_notifier.unversioned(CONF, 'a'), rpc.LEGACY_NOTIFIER)):
            ours, = notifier._driver_mgr.extensions
            theirs, = nova_s._driver_mgr.extensions
            self.assertEqual(theirs.obj.topics, ours.obj.topics)
            self.assertIs(type(theirs.obj), type(ours.obj))
            self.assertIs(type(nova_s._serializer), type(notifier._serializer))
            # Nova's makes a copy of it.
            payload = {'a': None, 'b': [True, 1, 'c'], 'd': {'e': '\u00e9'}}
            self.assertIs(payload, notifier._serializer.serialize_entity(
                {}, payload))
            self.assertEqual(payload, nova_s._serializer.serialize_entity(
                {}, payload))

    def test_made_once(self):
        first = own_notifier.versioned(CONF, 'a').transport
        self.assertIs(first, own_notifier.versioned(CONF, 'b').transport)
        # Nova has made its notifiers anew, maybe with other options.
        rpc.init(CONF)
        self.assertIsNot(first, own_notifier.versioned(CONF, 'a').transport)

    def test_other_notifiers_are_used_as_they_are(self):

        class Other(oslo_messaging.Notifier):
            pass

        other = Other(rpc.NOTIFICATION_TRANSPORT)
        self.useFixture(fixtures.MonkeyPatch('nova.rpc.NOTIFIER', other))
        self.assertIs(other.transport,
                      own_notifier.versioned(CONF, 'a').transport)
