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

"""A real web server that webhooks are posted to, with real certificates."""

import datetime
import functools
import http.server
import ipaddress
import json
import pathlib
import ssl
import threading

import fixtures
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nova_lockstatus.utils import http_server


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certify(subject, key, issuer, issuer_key, extension):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder().subject_name(_name(subject))
            .issuer_name(_name(issuer)).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(extension, critical=False)
            .sign(issuer_key, hashes.SHA256()))


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Certificates(fixtures.Fixture):
    """An authority, and a certificate of a host that it has made.

    :param names: of the host
    :param addresses: of the host
    """

    def __init__(self, names=('localhost',), addresses=('127.0.0.1',)):
        self._names = names
        self._addresses = addresses

    def _setUp(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        authority, key = (ec.generate_private_key(ec.SECP256R1())
                          for _ in range(2))
        self.ca_file = str(folder / 'ca.pem')
        self.file = str(folder / 'host.pem')
        pathlib.Path(self.ca_file).write_bytes(_pem(_certify(
            'authority', authority, 'authority', authority,
            x509.BasicConstraints(ca=True, path_length=None))))
        pathlib.Path(self.file).write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()) + _pem(_certify(
                'host', key, 'authority', authority,
                x509.SubjectAlternativeName([
                    *map(x509.DNSName, self._names),
                    *(x509.IPAddress(ipaddress.ip_address(address))
                      for address in self._addresses)]))))


class Handler(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted, and answers as it is told."""

    # The time of a client that says nothing ends with the test.
    timeout = 30

    def __init__(self, owner, *args):
        self.owner = owner
        super().__init__(*args)

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.owner.gets += 1
        self.send_response(204)
        self.end_headers()

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        status, headers = self.owner.arrived(self, body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):

    daemon_threads = True

    def handle_error(self, request, client_address):
        # Who does not trust it hangs up.
        pass


class WebhookServer(fixtures.Fixture):
    """A web server on a port of its own.

    :param certificates: None for HTTP
    """

    def __init__(self, certificates=None):
        self._certificates = certificates
        self.requests = []
        """What was posted: path, headers and body."""
        self.answers = []
        """Status and headers of the next answers; 204 after them."""
        self.goes_on = threading.Event()
        """Answers wait for it."""
        self.goes_on.set()
        self.gets = 0
        self._arrived = threading.Condition()

    def _setUp(self):
        self._server = Server(('127.0.0.1', 0),
                              functools.partial(Handler, self))
        if self._certificates is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self._certificates.file)
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True,
                do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        stop = threading.Event()
        thread = threading.Thread(
            target=http_server.serve_until, args=(
                self._server, stop.is_set, 0.05),
            daemon=True)
        thread.start()
        self.addCleanup(self._server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
        self.addCleanup(self.goes_on.set)

    def url(self, host='localhost', path='/hook?a=b'):
        scheme = 'http' if self._certificates is None else 'https'
        return '%s://%s:%d%s' % (scheme, host, self.port, path)

    def arrived(self, request, body):
        with self._arrived:
            self.requests.append((request.path, request.headers, body))
            answer = self.answers.pop(0) if self.answers else (204, {})
            self._arrived.notify_all()
        self.goes_on.wait(30)
        return answer

    def wait_for(self, count, seconds=30):
        """Wait until so much was posted.

        :returns: whether it was
        """
        with self._arrived:
            return self._arrived.wait_for(
                lambda: len(self.requests) >= count, seconds)

    def events(self):
        return [json.loads(body) for _path, _headers, body in self.requests]
