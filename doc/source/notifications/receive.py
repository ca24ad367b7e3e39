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

"""Receives which servers of a project have a host whose status has changed."""

import hashlib
import hmac
import http.server
import json
import sys
import time

OLDEST = 300
"""Seconds after which a signature does not count any more."""


def is_genuine(header, body, secret, now):
    """Tell whether who knows the secret has sent it, and not long ago."""
    parts = dict(part.partition('=')[::2] for part in header.split(','))
    sent_at = parts.get('t', '')
    expected = hmac.new(secret.encode(), sent_at.encode() + b'.' + body,
                        hashlib.sha256).hexdigest()
    return (hmac.compare_digest(expected.encode(),
                                parts.get('v1', '').encode())
            and abs(now - int(sent_at)) <= OLDEST)


class Receiver(http.server.BaseHTTPRequestHandler):

    seen = set()

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        signature = self.headers.get('X-Lockstatus-Signature', '')
        if not is_genuine(signature, body, sys.argv[1], time.time()):
            self.send_error(403)
            return
        event = json.loads(body)
        # What has not heard of its arrival sends it again.
        if event['id'] not in self.seen:
            self.seen.add(event['id'])
            if event['type'].endswith('.host_status'):
                print('%(changed_at)s server %(uuid)s: %(old_host_status)s -> '
                      '%(host_status)s' % event['data'], flush=True)
            else:
                # Such as a lock that has expired, or a ping.
                print(event['type'], flush=True)
        self.send_response(204)
        self.end_headers()


if __name__ == '__main__':
    # Behind a proxy on the same machine, which speaks HTTPS.
    http.server.ThreadingHTTPServer(
        ('127.0.0.1', int(sys.argv[2])), Receiver).serve_forever()
