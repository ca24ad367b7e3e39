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

from oslo_config import cfg

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus.conf import webhooks
from nova_lockstatus.extensions import loader
from nova_lockstatus.tests.fixtures.options_case import OptionsTestCase


class ConfTestCase(OptionsTestCase):

    def test_registering_again_is_no_error(self):
        lockstatus_conf.register_opts(self.conf)

    def test_two_configurations_share_nothing(self):
        other = cfg.ConfigOpts()
        lockstatus_conf.register_opts(other)
        other([])
        other.set_override('announce_host_status', False, 'lockstatus')
        self.assertTrue(self.conf.lockstatus.announce_host_status)

    def test_default_extensions_load(self):
        aliases = self.conf.lockstatus.enabled_extensions
        self.assertEqual(aliases, [
            extension.alias for extension in loader.load_extensions(aliases)])

    def test_what_shows_only_is_on_and_what_refuses_is_off(self):
        self.assertEqual(['os-server-locked-status', 'os-server-host-status',
                          'os-hypervisor-status'],
                         self.conf.lockstatus.enabled_extensions)

    def test_on_incompatible_takes_no_other_word(self):
        self.assertEqual('fail', self.conf.lockstatus.on_incompatible)
        self.assertRaises(ValueError, self.config.config,
                          group='lockstatus', on_incompatible='explode')

    def test_listed_for_the_generator(self):
        listed = {(group, opt.name)
                  for group, opts in lockstatus_conf.list_opts()
                  for opt in opts}
        self.assertEqual(
            {('lockstatus', name) for name in self.conf.lockstatus}
            | {('lockstatus_webhook_name', opt.name)
               for opt in webhooks.TARGET_OPTS}, listed)
