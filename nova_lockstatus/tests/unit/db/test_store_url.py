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


import ddt
import testtools

from nova_lockstatus import exception
from nova_lockstatus.db import migration
from nova_lockstatus.events import sinks
from nova_lockstatus.tests.fixtures import store_databases

MYSQL = 'mysql+pymysql://me:secret@127.0.0.1:1'
POSTGRESQL = 'postgresql+psycopg2://me:secret@127.0.0.1:1'

# What [lockstatus]connection says, and what the line must name.
MISTYPED = (
    ('secret', 'no URL'),
    ('mysql+pymysql:/me:secret@host/x', 'no URL'),
    (' %s/x' % MYSQL, 'no URL'),
    ("'%s/x'" % MYSQL, 'no URL'),
    ('mysql://me:secret@host:port/x', 'no URL'),
    ('mysql+pymysql://[::1/x', 'no URL'),
    ('oracle://me:secret@host', 'knows how to'),
    ('nodb://me:secret@host', 'knows how to'),
    ('postgres://me:secret@host/x', 'knows how to'),
    ('+pymysql://me:secret@host/x', 'knows how to'),
    ('sqlite://', 'names no file'),
    ('sqlite:///', 'names no file'),
    ('sqlite:///:memory:', 'names no file'),
    ('sqlite:///file::memory:?uri=true', 'names no file'),
    ('sqlite:///file:x?mode=memory&uri=true', 'names no file'),
    ('sqlite://host/x', 'four slashes'),
    ('sqlite://me:secret@host/x', 'four slashes'),
    ('sqlite:////x?timeout=abc', 'the parameter timeout (could not convert'),
    ('sqlite:////x?check_same_thread=abc', 'the parameter check_same_thread'),
    ('sqlite+nodriver:////x', 'no driver nodriver'),
    ('mysql+pymysql://me:sec@ret@host/x', '%40'),
    ('mysql+pymysql://m/e:secret@host/x', '%40'),
    ('mysql+pymysql:///me:secret@host/x', '%40'),
    ('mysql+://me:secret@host/x', 'no driver after the +'),
    ('mysql+pymsql://me:secret@host/x', 'no driver pymsql'),
    ('mysql+nodriver://me:secret@host/x', 'no driver nodriver'),
    ('mysql+pymysql://me:secret@host:99999/x', 'port 99999'),
    (MYSQL, 'names no database'),
    (MYSQL + '/', 'names no database'),
    (MYSQL + '/x?foo=bar', 'the parameter foo ('),
    (MYSQL + '/x?foo=1&charset=utf8mb4&read_timeout=a',
     'the parameters foo, read_timeout ('),
    (MYSQL + '/x?charset=nosuch', 'the parameter charset ('),
    (MYSQL + '/x?charset=utf8&charset=latin1', 'the parameter charset ('),
    (MYSQL + '/x?read_timeout=abc', 'the parameter read_timeout (invalid'),
    (MYSQL + '/x?connect_timeout=0', 'the parameter connect_timeout ('),
    (MYSQL + '/x?ssl_ca=/no/such', 'the parameter ssl_ca ('),
    (MYSQL + '/x?port=abc', 'the parameter port ('),
    (MYSQL + '/x?plugin=nosuch', 'parameter plugin'),
    (MYSQL + '/x?password=secret&passwort=secret', 'the parameter passwort'),
    ('mysql+pymysql://me:\u4e2dsecret@host/x', 'character'),
    (POSTGRESQL + '/x?foo=bar', 'the parameter foo ('),
    (POSTGRESQL + '/x?host=a&host=b&port=1', 'multihost'),
    ('mysql+pymysql://me:se$cret@host/x', '$$'),
)

# What only the first connection shows.
AWAY = (
    (MYSQL + '/x', '127.0.0.1'),
    (POSTGRESQL + '/x', '127.0.0.1'),
    (POSTGRESQL + '/x?sslmode=nosuch', 'invalid sslmode value: "nosuch"'),
    (POSTGRESQL + '/x?connect_timeout=abc', '"connect_timeout"'),
    ('sqlite:////', 'unable to open'),
    ('sqlite:////etc/passwd', 'not a database'),
    ('sqlite:///file:/no?uri=true&mode=nosuch', 'no such access mode: nosuch'),
)


@ddt.ddt
class StoreUrlTestCase(testtools.TestCase):
    """A mistake is named in one line, which does not have the password."""

    def assert_one_line(self, error):
        self.assertEqual(1, len(str(error).splitlines()), error)
        self.assertIn('[lockstatus]connection', str(error))
        for secret in ('secret', 'sec', 'ret@', '\u4e2d', 'cret'):
            self.assertNotIn(secret, str(error))

    def test_none(self):
        for url in (None, ''):
            self.assertRaises(exception.StoreNotConfigured,
                              store_databases.open_store, self, url)

    @ddt.idata(MISTYPED)
    @ddt.unpack
    def test_mistyped(self, url, expected):
        error = self.assertRaises(exception.StoreUrlInvalid,
                                  store_databases.open_store, self, url)
        self.assert_one_line(error)
        self.assertIn(expected, str(error))

    @ddt.idata(AWAY)
    @ddt.unpack
    def test_not_there(self, url, expected):
        store = store_databases.open_store(self, url)
        error = self.assertRaises(exception.StoreUnreachable,
                                  migration.sync, store)
        self.assert_one_line(error)
        self.assertIn(expected, str(error))

    def test_what_the_driver_finds_as_it_connects(self):
        """The exceptions of a driver that is not known here."""
        store = store_databases.open_store(self, 'sqlite:////tmp/a\0b')
        error = self.assertRaises(exception.StoreUrlInvalid, migration.sync,
                                  store)
        self.assert_one_line(error)
        self.assertIn('embedded null', str(error))

    def test_right(self):
        for url in (MYSQL + '/x?charset=utf8mb4', POSTGRESQL,
                    MYSQL + '?read_default_file=/etc/my.cnf',
                    MYSQL + '?database=x', POSTGRESQL + '/x?sslmode=prefer',
                    'mysql+pymysql://me:s%40%2F$$@host/x',
                    'sqlite:///relative', 'sqlite:///file:x?uri=true'):
            store_databases.open_store(self, url)

    def test_sinks_of_one_that_cannot_be_read(self):
        conf = store_databases.configure('mysql+pymysql://me:a$ecret@host/x')
        conf.set_override('webhooks', ['acme'], 'lockstatus')
        self.assertEqual(('webhook:acme',), sinks.of_webhooks(conf))
