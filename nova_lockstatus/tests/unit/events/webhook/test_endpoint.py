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

"""How webhooks are configured."""

import pathlib

import fixtures
from oslo_config import cfg

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus import exception
from nova_lockstatus.events import sinks
from nova_lockstatus.events.webhook import allowed_addresses
from nova_lockstatus.events.webhook.endpoint import read
from nova_lockstatus.tests.fixtures.webhook_config import SECRET
from nova_lockstatus.tests.fixtures.webhook_config import STANDARD_SECRET
from nova_lockstatus.tests.fixtures.webhook_config import WebhookTestCase


class OptionsTestCase(WebhookTestCase):

    def test_none_by_default(self):
        self.assertEqual([], read(self.conf))

    def test_as_configured(self):
        self.configure('acme', 'other-1',
                       url='https://hooks.example.com:8443/a/b?c=d')
        first, second = read(self.conf)
        self.assertEqual(('acme', 'other-1'), (first.name, second.name))
        self.assertEqual('webhook:acme', first.sink)
        self.assertEqual(('p1', True, 'hooks.example.com', 8443,
                          'hooks.example.com:8443', '/a/b?c=d', 10.0, None),
                         (first.project_id, first.is_tls, first.host,
                          first.port, first.authority, first.path,
                          first.timeout, first.ca_file))
        self.assertEqual(((SECRET,), 'quick'), (first.secrets, first.retries))
        self.assertNotIn(SECRET, repr(first))

    def test_several_secrets(self):
        self.configure('acme', secret=STANDARD_SECRET, retries='standard',
                       previous_secrets=[SECRET, 'older'])
        configured, = read(self.conf)
        self.assertEqual((STANDARD_SECRET, SECRET, 'older'),
                         configured.secrets)
        self.assertEqual('standard', configured.retries)
        for secret in configured.secrets:
            self.assertNotIn(secret, repr(configured))

    def test_from_a_file(self):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'a.conf')
        path.write_text(
            '[lockstatus]\nwebhooks = acme, other-1\n'
            '[lockstatus_webhook_acme]\nproject_id = p1\nsecret = a=b #c\n'
            'url = https://a.example.com/?a=b,c;d\n'
            'previous_secrets = c d, whsec_%s=\n'
            '[lockstatus_webhook_other-1]\nproject_id = p2\nsecret = b\n'
            'url = https://b.example.com/\ntimeout = 2.5\n' % ('a' * 43))
        conf = cfg.ConfigOpts()
        lockstatus_conf.register_opts(conf)
        conf([], default_config_files=[str(path)], default_config_dirs=[])
        self.assertEqual(
            [('p1', 'a=b #c', '/?a=b,c;d', 10.0), ('p2', 'b', '/', 2.5)],
            [(one.project_id, one.secret, one.path, one.timeout)
             for one in read(conf)])
        self.assertEqual([('c d', 'whsec_%s=' % ('a' * 43)), ()],
                         [one.previous_secrets for one in read(conf)])

    def test_url_without_path_or_port(self):
        self.configure('acme', url='https://[2001:db8::1]')
        configured, = read(self.conf)
        self.assertEqual(('2001:db8::1', 443, '/'), (
            configured.host, configured.port, configured.path))

    def refused(self, *names, **options):
        self.configure(*names, **options)
        error = self.assertRaises(exception.InvalidWebhook, read,
                                  self.conf)
        self.assertNotIn(SECRET, str(error))
        self.assertNotIn('token', str(error))
        return str(error)

    def test_not_set(self):
        for option in ('project_id', 'url', 'secret'):
            for value in (None, '', ' '):
                self.assertEqual(
                    "The webhook 'acme' cannot be used: "
                    '[lockstatus_webhook_acme]%s is not set.' % option,
                    self.refused('acme', **{option: value}))

    def test_secrets_that_are_none_of_the_standard(self):
        for option, value in (('secret', 'whsec_token'),
                              ('previous_secrets', ['a', 'whsec_token'])):
            self.assertEqual(
                "The webhook 'acme' cannot be used: [lockstatus_webhook_acme]"
                '%s begins with whsec_, and no base64 of 24 to 64 bytes '
                'follows.' % option, self.refused('acme', **{option: value}))
            self.config.config(group='lockstatus_webhook_acme',
                               previous_secrets=[])

    def test_group_that_is_not_there(self):
        self.config.config(group='lockstatus', webhooks=['nobody'])
        error = self.assertRaises(exception.InvalidWebhook, read,
                                  self.conf)
        self.assertIn('[lockstatus_webhook_nobody]project_id is not set',
                      str(error))

    def test_names(self):
        self.assertIn('names it twice', self.refused('acme', 'acme'))
        for name in ('no good', 'Acme', 'x' * 51, 'a:b', 'a%'):
            self.config.config(group='lockstatus', webhooks=[name])
            self.assertIn('letters', str(self.assertRaises(
                exception.InvalidWebhook, read, self.conf)))

    def test_urls(self):
        for url, text in (
                ('http://hooks.example.com/token', 'begin with https://'),
                ('ftp://hooks.example.com/token', 'begin with https://'),
                ('https:///token', 'is no URL of a host'),
                ('https://hooks.example.com:port/token', 'is no URL'),
                ('https://hooks.example.com:0/token', 'is no URL'),
                ('https://[token', 'is no URL'),
                ('token', 'is no URL'),
                ('https://hooks.example.com/to ken', 'characters'),
                ('https://hooks.example.com/token\r\nX-A: b', 'characters'),
                ('https://hooks.ex\u00e4mple.com/token', 'characters'),
                ('https://user:token@hooks.example.com/', 'user')):
            self.assertIn(text, self.refused('acme', url=url))

    def test_http_only_where_it_is_allowed(self):
        self.configure('acme', url='http://127.0.0.1/a',
                       allow_http_to_loopback=True)
        configured, = read(self.conf)
        self.assertEqual((False, 80), (configured.is_tls, configured.port))

    def test_ca_file_that_is_not_there(self):
        error = self.assertRaises(exception.InvalidWebhook, self.client,
                                  'https://localhost/', ca_file='/nowhere')
        self.assertIn('ca_file cannot be read', str(error))

    def test_networks(self):
        self.assertRaises(
            exception.InvalidWebhookNetwork, allowed_addresses.allows,
            ['10.0.0.0/8', '10.0.0.1/8'])

    def test_sinks(self):
        self.configure('acme', 'other')
        # Without a store there is no outbox.
        self.assertEqual((), sinks.of_webhooks(self.conf))
        self.config.config(group='lockstatus', connection='sqlite:///a')
        self.assertEqual(('webhook:acme', 'webhook:other'),
                         sinks.of_webhooks(self.conf))
        self.config.config(group='lockstatus', webhooks=[
            'acme', 'no good', 'acme', 'x' * 51])
        self.assertEqual(('webhook:acme',), sinks.of_webhooks(self.conf))
        self.config.config(group='lockstatus', announce_host_status=False)
        self.assertEqual((), sinks.of_webhooks(self.conf))
