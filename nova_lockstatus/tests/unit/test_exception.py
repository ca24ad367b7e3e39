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

import string

import testtools

from nova_lockstatus import exception


def subclasses(cls):
    for subclass in cls.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


class Names(dict):
    """Gives every name that a format asks for."""

    def __missing__(self, name):
        return '<%s>' % name


class MessagesTestCase(testtools.TestCase):

    def test_every_message_formats_to_one_line(self):
        for cls in subclasses(exception.LockStatusException):
            values = Names()
            _ = cls.msg_fmt % values
            message = str(cls(**{
                name.split(')')[0]: 'x' for name in cls.msg_fmt.split('%(')[1:]
            }))
            self.assertNotIn('%(', message)
            self.assertNotIn('\n', message)
            self.assertIn(message[-1], string.punctuation)
