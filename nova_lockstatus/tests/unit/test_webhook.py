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

"""The webhooks: how they are configured, and what is posted where."""

import contextlib
import dataclasses
import datetime
import hashlib
import hmac
import importlib.util
import io
import json
import pathlib
import socket
import sys
import threading
import time
import types
import uuid
from unittest import mock

import fixtures
import testtools
from oslo_config import cfg
from oslo_config import fixture

from nova_lockstatus import conf as lockstatus_conf
from nova_lockstatus import exception
from nova_lockstatus.conf import webhooks
from nova_lockstatus.core import host_event
from nova_lockstatus.events import sinks
from nova_lockstatus.events.webhook import allowed_addresses
from nova_lockstatus.events.webhook import cloudevent
from nova_lockstatus.events.webhook import delivery
from nova_lockstatus.events.webhook.client import Response
from nova_lockstatus.events.webhook.client import WebhookClient
from nova_lockstatus.events.webhook.endpoint import read
from nova_lockstatus.gateway import instances
from nova_lockstatus.tests import webhook_server
from nova_lockstatus.tests.unit.structure import source
from nova_lockstatus.utils import backoff
from nova_lockstatus.utils.backoff import PAUSE_MAX
from nova_lockstatus.utils.backoff import Backoff
from nova_lockstatus.utils.backoff import seconds_until

LOOPBACK = ['127.0.0.0/8', '::1']

SECRET = 'not-told'

BODY = b'{"a": 1}'


class WebhookTestCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        lockstatus_conf.register_opts(self.conf)
        self.config = self.useFixture(fixture.Config(self.conf))
        self.conf([], default_config_files=[], default_config_dirs=[])

    def configure(self, *names, **options):
        """Configure webhooks, all of them alike."""
        self.config.config(group='lockstatus', webhooks=list(names))
        for name in names:
            webhooks.register_target(self.conf, name)
            self.config.config(group=webhooks.group(name), **{
                'project_id': 'p1', 'url': 'https://hooks.example.com/a',
                'secret': SECRET, **options})

    def poster(self, url, networks=LOOPBACK, **options):
        self.configure('acme', url=url, **options)
        configured, = read(self.conf)
        return WebhookClient(configured, allowed_addresses.allows(networks))


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
        self.assertNotIn(SECRET, repr(first))

    def test_from_a_file(self):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'a.conf')
        path.write_text(
            '[lockstatus]\nwebhooks = acme, other-1\n'
            '[lockstatus_webhook_acme]\nproject_id = p1\nsecret = a=b #c\n'
            'url = https://a.example.com/?a=b,c;d\n'
            '[lockstatus_webhook_other-1]\nproject_id = p2\nsecret = b\n'
            'url = https://b.example.com/\ntimeout = 2.5\n')
        conf = cfg.ConfigOpts()
        lockstatus_conf.register_opts(conf)
        conf([], default_config_files=[str(path)], default_config_dirs=[])
        self.assertEqual(
            [('p1', 'a=b #c', '/?a=b,c;d', 10.0), ('p2', 'b', '/', 2.5)],
            [(one.project_id, one.secret, one.path, one.timeout)
             for one in read(conf)])

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
        error = self.assertRaises(exception.InvalidWebhook, self.poster,
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


class AddressTestCase(testtools.TestCase):

    def test_global_ones_by_default(self):
        allows = allowed_addresses.allows([])
        for text in ('8.8.8.8', '2001:4860:4860::8888', '::ffff:8.8.8.8'):
            self.assertTrue(allows(allowed_addresses.parse(text)), text)
        for text in (
                '127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1',
                '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1',
                '240.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1',
                'fe80::1%2', 'fd00::1', 'ff02::1', '::ffff:127.0.0.1',
                '::ffff:169.254.169.254', '2002:7f00:1::', '64:ff9b::a01:203',
                '2001:db8::1', '::127.0.0.1'):
            self.assertFalse(allows(allowed_addresses.parse(text)), text)

    def test_what_is_configured(self):
        allows = allowed_addresses.allows(['10.0.0.0/8', 'fd00::/8'])
        for text in ('10.1.2.3', 'fd00::1', '::ffff:10.1.2.3'):
            self.assertTrue(allows(allowed_addresses.parse(text)), text)
        for text in ('8.8.8.8', '11.0.0.1', '2001:4860:4860::8888'):
            self.assertFalse(allows(allowed_addresses.parse(text)), text)


class PostTestCase(WebhookTestCase):

    def setUp(self):
        super().setUp()
        self.certificates = self.useFixture(webhook_server.Certificates())
        self.server = self.useFixture(
            webhook_server.WebhookServer(self.certificates))

    def tls_poster(self, url=None, **options):
        return self.poster(url or self.server.url(), **{
            'ca_file': self.certificates.ca_file, **options})

    def test_what_arrives(self):
        answer = self.tls_poster().post(BODY, {'Content-Type': 'a/b'})
        self.assertEqual(Response(204), answer)
        (path, headers, body), = self.server.requests
        self.assertEqual(('/hook?a=b', BODY), (path, body))
        self.assertEqual('localhost:%d' % self.server.port, headers['Host'])
        self.assertEqual('a/b', headers['Content-Type'])

    def test_answer(self):
        self.server.answers = [(503, {'Retry-After': '7'})]
        self.assertEqual(Response(503, '7'),
                         self.tls_poster().post(BODY, {}))

    def test_redirect_is_not_followed(self):
        other = self.useFixture(
            webhook_server.WebhookServer(self.certificates))
        for status in (301, 302, 303, 307, 308):
            self.server.answers = [(status, {'Location': other.url()})]
            answer = self.tls_poster().post(BODY, {})
            self.assertEqual(status, answer.status)
            self.assertFalse(delivery.is_taken(answer.status))
            self.assertTrue(delivery.is_final(answer.status))
        self.assertEqual(([], 0), (other.requests, other.gets))
        self.assertEqual((5, 0), (len(self.server.requests),
                                  self.server.gets))

    def test_address_that_is_not_allowed(self):
        # The second is a name of such an address.
        for host in ('127.0.0.1', 'localhost'):
            for networks in ([], ['10.0.0.0/8']):
                poster = self.tls_poster(self.server.url(host),
                                         networks=networks)
                error = self.assertRaises(exception.WebhookAddressNotAllowed,
                                          poster.post, BODY, {})
                self.assertIn('127.0.0.1', str(error))
        self.assertEqual([], self.server.requests)

    def test_address_that_is_checked_is_the_one(self):
        """A name that has another address with the next look."""
        looked_up = []
        found = socket.getaddrinfo('127.0.0.1', self.server.port,
                                   type=socket.SOCK_STREAM)

        def look_up(host, *args, **kwargs):
            looked_up.append(host)
            if len(looked_up) > 1:
                raise AssertionError('It was looked up again')
            return found

        self.useFixture(fixtures.MonkeyPatch('socket.getaddrinfo', look_up))
        self.assertEqual(204, self.tls_poster().post(BODY, {}).status)
        self.assertEqual(['localhost'], looked_up)

    def test_only_those_of_a_names_addresses_that_are_allowed(self):
        other = socket.create_server(('127.0.0.2', self.server.port))
        self.addCleanup(other.close)
        other.setblocking(False)
        answered = [(socket.AF_INET, socket.SOCK_STREAM, 6, '',
                     (host, self.server.port))
                    for host in ('127.0.0.2', '127.0.0.1')]
        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', lambda *args, **kwargs: answered))
        poster = self.tls_poster(networks=['127.0.0.1/32'], timeout=2)
        self.assertEqual(204, poster.post(BODY, {}).status)
        self.assertRaises(BlockingIOError, other.accept)

    def test_one_address_is_away(self):
        answered = [(socket.AF_INET, socket.SOCK_STREAM, 6, '',
                     (host, self.server.port))
                    for host in ('127.0.0.9', '127.0.0.1')]
        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', lambda *args, **kwargs: answered))
        self.assertEqual(204, self.tls_poster().post(BODY, {}).status)

    def hang_at(self, host, seconds):
        """Have an address connect late, and never begin with TLS."""
        listener = socket.create_server((host, self.server.port))
        self.addCleanup(listener.close)
        connect = socket.socket.connect

        def connect_late(sock, address):
            if address[0] == host:
                time.sleep(seconds)
            return connect(sock, address)

        self.useFixture(fixtures.MonkeyPatch(
            'socket.socket.connect', connect_late))

    def test_timeout_is_for_all_of_it(self):
        self.hang_at('127.0.0.2', 0.9)
        start = time.monotonic()
        self.assertNotReached(
            self.tls_poster(self.server.url('127.0.0.2'), timeout=1),
            'timed out')
        self.assertLess(time.monotonic() - start, 1.6)

    def test_one_address_hangs(self):
        """The other one has as much time as it."""
        self.hang_at('127.0.0.2', 0.5)
        answered = [(socket.AF_INET, socket.SOCK_STREAM, 6, '',
                     (host, self.server.port))
                    for host in ('127.0.0.2', '127.0.0.1')]
        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', lambda *args, **kwargs: answered))
        self.assertEqual(204, self.tls_poster(timeout=1).post(
            BODY, {}).status)

    def test_no_proxy_is_used(self):
        for name in ('https_proxy', 'HTTPS_PROXY', 'all_proxy'):
            self.useFixture(fixtures.EnvironmentVariable(
                name, 'http://127.0.0.1:1'))
        self.assertEqual(204, self.tls_poster().post(BODY, {}).status)

    def assertNotReached(self, poster, text):
        error = self.assertRaises(exception.WebhookNotReached, poster.post,
                                  BODY, {})
        # As eventlet puts it, or Python.
        self.assertIn(text.lower(), str(error).lower())

    def test_certificate(self):
        # Of an authority that is not known, and of another host.
        self.assertNotReached(self.tls_poster(ca_file=None),
                              'CERTIFICATE_VERIFY_FAILED')
        for name, host in (('hooks.example.com', 'localhost'),
                           ('localhost', '127.0.0.1')):
            certificates = self.useFixture(webhook_server.Certificates(
                names=(name,), addresses=()))
            server = self.useFixture(
                webhook_server.WebhookServer(certificates))
            self.assertNotReached(
                self.poster(server.url(host), ca_file=certificates.ca_file),
                'CERTIFICATE_VERIFY_FAILED')
            self.assertEqual([], server.requests + self.server.requests)
        # An address in the URL can be in a certificate, too.
        self.assertEqual(204, self.tls_poster(self.server.url(
            '127.0.0.1')).post(BODY, {}).status)

    def test_nobody_listens(self):
        with contextlib.closing(socket.socket()) as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
            self.assertNotReached(
                self.poster('https://127.0.0.1:%d/' % port), 'refused')

    def test_no_such_name(self):
        self.useFixture(fixtures.MonkeyPatch(
            'socket.getaddrinfo', mock.Mock(side_effect=socket.gaierror(
                socket.EAI_NONAME, 'Name or service not known'))))
        self.assertNotReached(self.tls_poster(), 'not known')

    def test_name_that_no_host_has(self):
        for host in ('a' * 70 + '.example.com', '.localhost'):
            self.assertRaises(
                exception.WebhookNotReached,
                self.poster('https://%s/' % host).post, BODY, {})

    def test_answer_that_does_not_come(self):
        self.server.goes_on.clear()
        start = time.monotonic()
        self.assertNotReached(self.tls_poster(timeout=0.3), 'timed out')
        self.assertLess(time.monotonic() - start, 5)

    def test_answer_that_comes_bit_by_bit(self):
        """Each bit in time, and the whole never."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        listener.settimeout(10)
        ended = threading.Event()

        def drip():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b'HTTP/1.1 200 OK\r\n')
                while not ended.wait(0.05):
                    connection.sendall(b'X-A: b\r\n')

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(ended.set)
        start = time.monotonic()
        self.assertNotReached(self.poster(
            'http://127.0.0.1:%d/' % listener.getsockname()[1], timeout=0.4,
            allow_http_to_loopback=True), 'timed out')
        self.assertLess(time.monotonic() - start, 5)

    def test_no_answer_of_http(self):
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        listener.settimeout(10)

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b'SMTP\r\n\r\n')

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.assertNotReached(self.poster(
            'http://127.0.0.1:%d/' % listener.getsockname()[1],
            allow_http_to_loopback=True), 'SMTP')

    def test_http_to_loopback_alone(self):
        server = self.useFixture(webhook_server.WebhookServer())
        poster = self.poster(server.url('127.0.0.1'),
                             allow_http_to_loopback=True)
        self.assertEqual(204, poster.post(BODY, {}).status)
        poster = self.poster('http://192.0.2.1/', networks=['192.0.2.0/24'],
                             allow_http_to_loopback=True)
        self.assertRaises(exception.WebhookAddressNotAllowed, poster.post,
                          BODY, {})


CHANGE = host_event.StatusChange(
    id='0f2bd3a5-7c1e-4a43-9d0b-5e1c6a7f8b92', cell=str(uuid.uuid4()),
    host='compute1', old='UP', new='DOWN', changed_at=datetime.datetime(
        2026, 11, 21, 12, 0, 0, 123456, datetime.timezone.utc))

SERVER = instances.InstanceRow(
    7, '9168b536-cd40-4630-b43f-b259807c6e87', 'p1', 'u1', 'billing-1',
    'active', True, 'admin', {'locked_reason': 'r\u00e9vision'})


class EventTestCase(testtools.TestCase):

    def test_event(self):
        made = cloudevent.make(CHANGE, SERVER, False)
        self.assertEqual({
            'specversion': '1.0',
            'id': CHANGE.announcement_id(SERVER.uuid),
            'source': '/nova-lockstatus/host_status',
            'type': 'org.openstack.nova.lockstatus.host_status',
            'subject': SERVER.uuid,
            'time': '2026-11-21T12:00:00.123456Z',
            'datacontenttype': 'application/json',
            'data': {
                'change_id': CHANGE.id, 'uuid': SERVER.uuid,
                'tenant_id': 'p1', 'user_id': 'u1',
                'display_name': 'billing-1', 'state': 'active',
                'locked': True, 'locked_by': 'admin',
                'locked_reason': 'r\u00e9vision', 'host_status': 'DOWN',
                'old_host_status': 'UP',
                'changed_at': '2026-11-21T12:00:00Z'}}, made)
        self.assertEqual(made, json.loads(cloudevent.body(made)))

    def test_same_words_as_the_notification(self):
        sample = json.loads((
            source.TOP / 'doc' / 'notification_samples' /
            'lockstatus-host_status-update.json').read_text())
        self.assertEqual(
            # Who has changed the host is none of the project's business.
            set(sample['payload']['nova_object.data']) - {
                'id', 'request_id', 'action_initiator_user',
                'action_initiator_project'},
            set(cloudevent.make(CHANGE, SERVER, True)['data']))

    def test_sample(self):
        sample = json.loads((
            source.TOP / 'doc' / 'notification_samples' /
            'webhook-host_status.json').read_text())
        data = sample['data']
        self.assertEqual(sample, cloudevent.make(
            dataclasses.replace(CHANGE, id=data['change_id']),
            SERVER._replace(
                project_id=data['tenant_id'], user_id=data['user_id'],
                system_metadata={'locked_reason': data['locked_reason']}),
            False))

    def test_host_where_it_is_named(self):
        self.assertEqual('compute1',
                         cloudevent.make(CHANGE, SERVER, True)['data']['host'])

    def test_signature(self):
        signature = cloudevent.sign(BODY, 'k\u00e9y', 1700000000)
        self.assertEqual('t=1700000000,v1=' + hmac.new(
            'k\u00e9y'.encode(), b'1700000000.' + BODY,
            hashlib.sha256).hexdigest(), signature)


class BackoffTestCase(testtools.TestCase):

    def test_pauses_grow(self):
        pausing = Backoff()
        self.assertTrue(pausing.is_over)
        for expected in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
            self.assertTrue(expected / 2 <= pausing.failed() <= expected)
            self.assertFalse(pausing.is_over)
        pausing.worked()
        self.assertLessEqual(pausing.failed(), 1)

    def test_pauses_differ(self):
        self.assertGreater(
            len({Backoff().failed() for _ in range(20)}), 1)

    def test_it_ends(self):
        pausing = Backoff()
        with mock.patch.object(backoff, 'PAUSE', 0.01):
            time.sleep(pausing.failed())
        self.assertTrue(pausing.is_over)

    def test_after_very_many_failures(self):
        pausing = Backoff()
        for _ in range(2000):
            pausing.failed()
        self.assertLessEqual(pausing.failed(), PAUSE_MAX)

    def test_longer_where_it_is_asked_for(self):
        self.assertEqual(120, Backoff().failed('120'))
        # Not shorter.
        self.assertGreaterEqual(Backoff().failed('0'), 0.5)

    def test_retry_after(self):
        now = datetime.datetime(2026, 11, 21, 12, 0, 0,
                                tzinfo=datetime.timezone.utc).timestamp()
        for text, seconds in (
                (None, 0), ('', 0), ('soon', 0), ('1.5', 0), ('-3', 0),
                ('7', 7), (' 7 ', 7), ('100000', 900), ('9' * 400, 900),
                ('Sat, 21 Nov 2026 12:01:00 GMT', 60),
                ('Sat, 21 Nov 2026 11:00:00 GMT', 0),
                ('Sat, 21 Nov 2099 11:00:00 GMT', 900),
                ('Sat, 99 Nov 2026 11:00:00 GMT', 0)):
            self.assertEqual(seconds, seconds_until(text, now), text)


class AnswerTestCase(testtools.TestCase):

    def test_what_comes_of_an_answer(self):
        for status, taken, final in (
                (200, True, True), (202, True, True), (204, True, True),
                (302, False, True), (400, False, True), (403, False, True),
                (404, False, True), (410, False, True), (408, False, False),
                (425, False, False), (429, False, False),
                (500, False, False), (503, False, False)):
            self.assertEqual((taken, final), (
                delivery.is_taken(status), delivery.is_final(status)), status)


class ExampleTestCase(WebhookTestCase):
    """The example of who receives events."""

    def setUp(self):
        super().setUp()
        path = pathlib.Path(source.TOP, 'doc', 'source',
                            'notifications', 'receive.py')
        spec = importlib.util.spec_from_file_location('receive', path)
        assert spec is not None and spec.loader is not None
        self.receive: types.ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.receive)

    def test_signatures(self):
        signature = cloudevent.sign(BODY, SECRET, 1000)
        for header, body, secret, now, genuine in (
                (signature, BODY, SECRET, 1000, True),
                (signature, BODY, SECRET, 1300, True),
                (signature, BODY, SECRET, 1301, False),
                (signature, BODY, SECRET, 699, False),
                (signature, BODY + b' ', SECRET, 1000, False),
                (signature, BODY, 'other', 1000, False),
                (signature.replace('t=1000', 't=1001'), BODY, SECRET, 1001,
                 False),
                ('', BODY, SECRET, 1000, False),
                ('v1', BODY, SECRET, 1000, False),
                ('t=1000,v1=\u00e9', BODY, SECRET, 1000, False)):
            self.assertEqual(genuine, self.receive.is_genuine(
                header, body, secret, now), (header, now))

    def test_receives(self):
        server = self.receive.http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), self.receive.Receiver)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,),
                                  daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        poster = self.poster(
            'http://127.0.0.1:%d/' % server.server_address[1],
            allow_http_to_loopback=True)
        body = cloudevent.body(cloudevent.make(CHANGE, SERVER, False))
        output = io.StringIO()
        self.useFixture(fixtures.MonkeyPatch('sys.argv', ['receive', SECRET]))
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', io.StringIO()))
        with contextlib.redirect_stdout(output):
            statuses = [poster.post(body, {
                cloudevent.SIGNATURE: cloudevent.sign(
                    body, secret, int(time.time()))
            }).status for secret in (SECRET, SECRET, 'other')]
        self.assertEqual([204, 204, 403], statuses)
        self.assertEqual(
            '2026-11-21T12:00:00Z server 9168b536-cd40-4630-b43f-b259807c6e87:'
            ' UP -> DOWN\n', output.getvalue())
        self.assertIn('403', sys.stderr.getvalue())
