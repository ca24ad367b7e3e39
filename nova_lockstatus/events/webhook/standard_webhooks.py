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

"""Signs a POST as Standard Webhooks 1.0.0 has it.

https://github.com/standard-webhooks/standard-webhooks
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

SECRET_PREFIX = 'whsec_'
"""The beginning of a secret in the standard's form. Base64 follows."""

KEY_BYTES = (24, 64)
"""The shortest and the longest key of a secret in that form."""


def key(secret: str) -> bytes:
    """Return the key of a secret.

    :param secret: in the standard's form, or any other text
    :returns: what the base64 stands for, or the bytes of another text
    :raises ValueError: when a secret begins as those of the standard, and is
        none; the message continues a sentence that begins with its option
    """
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    text = secret.removeprefix(SECRET_PREFIX)
    try:
        # The libraries of the standard take it without padding, too.
        decoded = base64.b64decode(text + '=' * (-len(text) % 4),
                                   validate=True)
    except (binascii.Error, ValueError):
        decoded = b''
    if not KEY_BYTES[0] <= len(decoded) <= KEY_BYTES[1]:
        raise ValueError('begins with %s, and no base64 of %d to %d bytes '
                         'follows' % (SECRET_PREFIX, *KEY_BYTES)) from None
    return decoded


def headers(event_id: str, seconds: int, content: bytes,
            secrets: Sequence[str]) -> dict[str, str]:
    """Make the standard's headers of a POST.

    :param event_id: the id of the event, the same at each try
    :param seconds: the time of the POST, in seconds since 1970
    :param secrets: each makes a signature
    """
    signed = b'%s.%d.%s' % (event_id.encode(), seconds, content)
    return {
        'webhook-id': event_id,
        'webhook-timestamp': str(seconds),
        'webhook-signature': ' '.join(
            'v1,' + base64.b64encode(hmac.new(
                key(secret), signed, hashlib.sha256).digest()).decode()
            for secret in secrets)}
