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

"""Receives the webhooks of nova-lockstatus. Needs Python 3.10, and no library.

    WEBHOOK_SECRETS=whsec_... python3 receiver.py 8080

Put it behind a proxy that speaks HTTPS, and replace handle(). It

* verifies the signature of each POST as Standard Webhooks 1.0.0 has it, with
  any of the secrets in WEBHOOK_SECRETS, which spaces separate;
* takes one CloudEvent or a batch of them;
* leaves out the events whose id it has had before;
* answers before it works: what is slow belongs into handle(), which runs in
  another thread.
"""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import queue
import sys
import threading
import time

OLDEST = 300
"""Seconds after which a signature does not count any more."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a body."""

REMEMBERED = 100000
"""Ids that are remembered, and events that wait for handle()."""

HOST_STATUS = 'org.openstack.nova.lockstatus.host_status'
BATCH = 'application/cloudevents-batch+json'


def key(secret):
    """Return the key of a secret: of base64 after whsec_, or of other text."""
    if not secret.startswith('whsec_'):
        return secret.encode()
    text = secret.removeprefix('whsec_')
    return base64.b64decode(text + '=' * (-len(text) % 4))


def is_genuine(headers, body, secrets, now):
    """Tell whether who knows a secret has sent it, and not long ago."""
    try:
        sent_at = int(headers['webhook-timestamp'])
        signed = b'%s.%d.%s' % (headers['webhook-id'].encode(), sent_at, body)
        signatures = headers['webhook-signature'].split()
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    if abs(now - sent_at) > OLDEST:
        return False
    expected = ['v1,' + base64.b64encode(hmac.new(
        key(secret), signed, hashlib.sha256).digest()).decode()
        for secret in secrets]
    return any(hmac.compare_digest(one.encode(), signature.encode())
               for one in expected for signature in signatures)


class Inbox:
    """Passes each event on once. What handles it runs in another thread."""

    def __init__(self, function):
        self._function = function
        self._lock = threading.Lock()
        self._seen = collections.OrderedDict()
        self._waiting = queue.Queue(REMEMBERED)
        threading.Thread(target=self._work, daemon=True).start()

    def put(self, events):
        """Take events.

        :raises queue.Full: when too many wait: they are to be posted again
        """
        with self._lock:
            for event in events:
                if event['id'] in self._seen:
                    continue
                self._waiting.put_nowait(event)
                self._seen[event['id']] = True
                if len(self._seen) > REMEMBERED:
                    self._seen.popitem(last=False)

    def _work(self):
        while True:
            event = self._waiting.get()
            try:
                self._function(event)
            except Exception as error:
                print('%s was not handled: %r' % (event['id'], error),
                      file=sys.stderr, flush=True)


def handle(event):
    """Do what is to be done. Replace this."""
    if event['type'] == HOST_STATUS:
        print('%(changed_at)s server %(uuid)s: %(old_host_status)s -> '
              '%(host_status)s' % event['data'], flush=True)
    else:
        # Such as a ping of "nova-lockstatus webhook test".
        print(event['type'], flush=True)


class Receiver(http.server.BaseHTTPRequestHandler):

    # Connections are kept for further POSTs.
    protocol_version = 'HTTP/1.1'
    timeout = 120

    inbox = None
    secrets = ()

    def do_POST(self):
        try:
            length = int(self.headers['Content-Length'])
        except (TypeError, ValueError):
            length = -1
        if not 0 <= length <= LARGEST:
            # The body is not read: nothing can follow it.
            self.close_connection = True
            self.answer(413 if length > LARGEST else 411)
            return
        body = self.rfile.read(length)
        if not is_genuine(self.headers, body, self.secrets, time.time()):
            self.answer(401)
            return
        try:
            posted = json.loads(body)
            is_batch = self.headers.get_content_type() == BATCH
            self.inbox.put(posted if is_batch else [posted])
        except queue.Full:
            self.answer(503, ('Retry-After', '10'))
        except (KeyError, TypeError, ValueError):
            self.answer(400)
        else:
            self.answer(204)

    def answer(self, status, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header('Content-Length', '0')
        self.end_headers()

    def log_request(self, code='-', size='-'):
        pass


def main():
    Receiver.secrets = os.environ['WEBHOOK_SECRETS'].split()
    Receiver.inbox = Inbox(handle)
    server = http.server.ThreadingHTTPServer(
        ('127.0.0.1', int(sys.argv[1])), Receiver)
    print('listening on port %d' % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
