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

"""What the reports of nova-lockstatus-watch mean to the check."""

import datetime

import testtools
from oslo_config import fixture
from oslo_upgradecheck import upgradecheck

from nova_lockstatus.cli.upgrade_check import installation
from nova_lockstatus.cli.upgrade_check import watch_heartbeats
from nova_lockstatus.db import watch_process
from nova_lockstatus.tests.fixtures import store_databases

NOW = datetime.datetime(2026, 11, 1, 12, 0, 0)

SUCCESS, WARNING, FAILURE = (
    upgradecheck.Code.SUCCESS, upgradecheck.Code.WARNING,
    upgradecheck.Code.FAILURE)


class HeartbeatsTestCase(testtools.TestCase):

    announces_host_status = False

    def check_heartbeats(self, guard, **ages):
        result = watch_heartbeats.check_heartbeats(
            guard, self.announces_host_status, [watch_process.WatchProcess(
                host, NOW - datetime.timedelta(days=9),
                NOW - datetime.timedelta(seconds=age))
                for host, age in ages.items()], NOW)
        return result.code, result.details

    def test_all_report(self):
        for guard in ('enforce', 'report', 'off'):
            self.assertEqual((SUCCESS, 'ctl1, ctl2'),
                             self.check_heartbeats(guard, ctl1=0, ctl2=60))

    def test_clock_of_a_host_that_is_a_little_ahead(self):
        self.assertEqual((SUCCESS, 'ctl1'),
                         self.check_heartbeats('enforce', ctl1=-2))

    def test_some_are_missing(self):
        text = ('nova-lockstatus-watch has not reported from ctl2 for 61 s. '
                'It runs on ctl1, ctl3. Start the others again, or wait: what '
                'does not report is forgotten after a day.')
        for guard in ('enforce', 'report'):
            self.assertEqual((WARNING, text), self.check_heartbeats(
                guard, ctl1=0, ctl2=61, ctl3=9))

    def test_all_are_missing(self):
        text = ('nova-lockstatus-watch has not reported from ctl1 for 61 s, '
                'from ctl2 for 90000 s. Locked servers that should be down '
                'are not watched over, and [lockstatus]guard is "%s". Start '
                'it.')
        for guard, code in (('enforce', FAILURE), ('report', WARNING)):
            self.assertEqual((code, text % guard), self.check_heartbeats(
                guard, ctl1=61, ctl2=90000))

    def test_none_has_reported(self):
        for guard, code in (('enforce', FAILURE), ('report', WARNING)):
            found, text = self.check_heartbeats(guard)
            self.assertEqual(code, found)
            self.assertTrue(text.startswith('No nova-lockstatus-watch runs. '),
                            text)

    def test_none_is_needed(self):
        for ages in ({}, {'ctl1': 61}, {'ctl1': 0, 'ctl2': 61}):
            code, text = self.check_heartbeats('off', **ages)
            self.assertEqual(SUCCESS, code)
            self.assertTrue(text.endswith(
                ' [lockstatus]guard is "off", and what becomes of hosts is '
                'not announced, so none is needed.'), text)


class AnnouncingHeartbeatsTestCase(HeartbeatsTestCase):

    announces_host_status = True

    def test_all_are_missing(self):
        for guard, code in (('enforce', FAILURE), ('report', WARNING),
                            ('off', WARNING)):
            found, text = self.check_heartbeats(guard, ctl1=61)
            self.assertEqual(code, found)
            self.assertTrue(text.endswith(
                ' A host that is lost is not announced. Start it.'), text)
            self.assertEqual(guard != 'off', 'Locked servers' in text)

    def test_none_is_needed(self):
        for ages in ({}, {'ctl1': 61}, {'ctl1': 0, 'ctl2': 61}):
            self.assertEqual(WARNING, self.check_heartbeats('off', **ages)[0])


class WithoutStoreTestCase(testtools.TestCase):

    TEXT = ('[lockstatus]connection is not set, so it cannot be told whether '
            'nova-lockstatus-watch runs.')
    LOST = (' Without it, a host that is lost is not announced, which '
            '[lockstatus]announce_host_status wants.')
    ADVICE = ' Set it, and run "nova-lockstatus db sync".'

    def assertChecked(self, code, text, driver='', **options):
        conf = store_databases.configure(None)
        installation.notification_drivers(conf)
        with fixture.Config(conf) as config:
            config.config(group='oslo_messaging_notifications',
                          driver=[driver])
            config.config(group='lockstatus', **options)
            found = watch_heartbeats.check(installation.Installation(conf, {}))
        self.assertEqual((code, self.TEXT + text),
                         (found.code, found.details))

    def test_nobody_needs_it(self):
        for options in ({'guard': 'report'}, {'guard': 'off'},
                        {'driver': 'noop'},
                        {'driver': 'messagingv2', 'webhooks': ['acme'],
                         'announce_host_status': False}):
            self.assertChecked(SUCCESS, '', **options)

    def test_guard(self):
        self.assertChecked(
            WARNING, ' [lockstatus]guard is "enforce".' + self.ADVICE,
            guard='enforce')

    def test_notifications(self):
        self.assertChecked(WARNING, self.LOST + self.ADVICE,
                           driver='messagingv2')

    def test_webhooks(self):
        self.assertChecked(
            FAILURE, self.LOST + ' No webhook is told of anything.'
            + self.ADVICE, webhooks=['acme'])


class AnnouncesTestCase(testtools.TestCase):

    def announces_host_status(self, **options):
        conf = store_databases.configure('sqlite:///x')
        for name, value in options.items():
            conf.set_override(name, value, 'lockstatus')
        return watch_heartbeats.announces_host_status(conf)

    def test_nobody_is_told(self):
        self.assertFalse(self.announces_host_status())

    def test_webhooks_alone(self):
        self.assertTrue(self.announces_host_status(webhooks=['acme']))
        self.assertFalse(self.announces_host_status(
            webhooks=['acme'], announce_host_status=False))
