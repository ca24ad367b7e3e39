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

"""One request as it is sent, and as a command that sends it again."""

import base64
import io
import re
import shlex
import urllib.parse
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import webob

_PLACEHOLDER = re.compile(r'\{([A-Z_]+)\}')
_PLAIN = re.compile(r'[\x20-\x7e]{0,2000}')


class Request(NamedTuple):
    """A request whose servers have names in place of ids.

    So it is the same in each process: ``{NAME}`` stands for an id in the
    target and in the body.

    :param call: what the call is called in the figures
    :param method: the HTTP method
    :param target: path and query as they stand in the request line
    :param headers: names and values, as Latin-1
    :param body: the body
    """

    call: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b''

    @property
    def reads(self) -> bool:
        """Tell whether it changes nothing.

        Nova routes by another method than the request has where the query
        says so.
        """
        return (self.method in ('GET', 'HEAD', 'OPTIONS')
                and '_method' not in self.target)

    def environ(self, ids: Mapping[str, str]) -> dict:
        """Make what a WSGI server makes of it.

        :param ids: the ids by their names
        :returns: the WSGI environment
        """
        path, _mark, query = _fill(self.target, ids).partition('?')
        body = _fill(self.body.decode('latin-1'), ids).encode('latin-1')
        environ = webob.Request.blank('/', method='POST').environ
        environ.update({
            'REQUEST_METHOD': self.method,
            'PATH_INFO': urllib.parse.unquote(path, 'latin-1'),
            'QUERY_STRING': query,
            'wsgi.input': io.BytesIO(body),
            'CONTENT_LENGTH': str(len(body))})
        for name, value in self.headers:
            key = name.upper().replace('-', '_')
            environ[key if key in ('CONTENT_LENGTH', 'CONTENT_TYPE')
                    else 'HTTP_' + key] = value
        return environ

    def curl(self) -> str:
        """Write a command of bash that sends it.

        :returns: the command; $URL and the names of the ids are variables
        """
        parts = ['curl -sig --path-as-is -X', shlex.quote(self.method),
                 '"$URL"' + _quote(self.target)]
        for name, value in self.headers:
            # With nothing behind the colon, curl would leave it out.
            text = '%s: %s' % (name, value) if value else name + ';'
            parts += ['-H', _quote(text)]
        if not self.body:
            return ' '.join(parts)
        text = self.body.decode('latin-1')
        if _PLAIN.fullmatch(text):
            return ' '.join([*parts, '--data-binary', _quote(text)])
        packed = base64.b64encode(zlib.compress(self.body, 9)).decode()
        return ('python3 -c "import base64, os, re, sys, zlib; '
                'sys.stdout.buffer.write(re.sub(rb\'{([A-Z_]+)}\', lambda '
                'found: os.environb.get(found[1], found[0]), zlib.decompress('
                'base64.b64decode(\'%s\'))))" | %s --data-binary @-'
                % (packed, ' '.join(parts)))


def _fill(text: str, ids: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: ids.get(found[1], found[0]), text)


def _quote(text: str) -> str:
    """Quote for bash, with variables in place of the names of ids."""
    pieces = _PLACEHOLDER.split(text)
    return ''.join('"$%s"' % piece if number % 2 else _quote_piece(piece)
                   for number, piece in enumerate(pieces)) or "''"


def _quote_piece(text: str) -> str:
    if not text or text.isascii() and text.isprintable():
        return text and shlex.quote(text)
    return "$'%s'" % ''.join(
        character if character.isascii() and character.isalnum()
        else '\\x%02x' % byte
        for character, byte in zip(text, text.encode('latin-1')))
