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

"""Text of others, on a terminal."""


def visible(value: str | None) -> str:
    """Make of a value what can be shown on a terminal.

    Reasons and names are what others chose: an escape sequence in one must not
    reach the reader's terminal, nor a line end make a row of its own.

    :param value: the value
    :returns: it, with escapes in the place of characters that do not print
    """
    if value is None:
        return ''
    if value.isprintable():
        return value
    return ''.join(
        character if character.isprintable()
        else character.encode('unicode_escape').decode()
        for character in value)
