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

"""No number of seconds is rounded to none."""

import argparse
import ast
import datetime
import re

import testtools

from nova_lockstatus.tests.unit.structure import source
from nova_lockstatus.utils import duration

ROUNDED = re.compile(r'%(\([a-z_]+\))?(\.0f|d) ?(s|seconds)\b')


class InSecondsTestCase(testtools.TestCase):

    def test_in_seconds(self):
        for seconds, text in (
                (0.5, '0.5 s'), (0.04, '0.04 s'), (1, '1 s'), (2.25, '2.2 s'),
                (5.0, '5 s'), (9.4, '9.4 s'), (9.96, '10 s'), (10, '10 s'),
                (31.4, '31 s'), (3600.0, '3600 s'), (604800, '604800 s'),
                (0, '0 s')):
            self.assertEqual(text, duration.in_seconds(seconds))

    def test_each_text_uses_it(self):
        wrong = [module.at(getattr(node, 'lineno', 0))
                 for module in source.production()
                 for node in module.nodes
                 if isinstance(node, ast.Constant)
                 and isinstance(node.value, str)
                 and ROUNDED.search(node.value)]
        self.assertEqual([], wrong, '\n'.join(wrong))


class SinceTestCase(testtools.TestCase):

    def test_times(self):
        moment = datetime.datetime(2026, 11, 30, 8, 5)
        for text in ('2026-11-30T08:05:00', '2026-11-30 08:05',
                     '2026-11-30T08:05:00Z', '2026-11-30T09:05:00+01:00'):
            self.assertEqual(moment, duration.parse_since(text), text)

    def test_ages(self):
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        for text, hours in (('2h', 2), ('1d', 24)):
            self.assertLess(
                abs(now - datetime.timedelta(hours=hours)
                    - duration.parse_since(text)),
                datetime.timedelta(seconds=60))

    def test_mistakes(self):
        for text in ('', 'noon', '2', '-2h', '999999w', '2026-13-01'):
            self.assertRaises(argparse.ArgumentTypeError,
                              duration.parse_since, text)


class EndTestCase(testtools.TestCase):

    def test_until(self):
        moment = datetime.datetime(2130, 12, 24, 8)
        for text in ('2130-12-24T08:00:00', '2130-12-24 08:00',
                     '2130-12-24T08:00:00Z', '2130-12-24T09:00:00+01:00'):
            self.assertEqual(moment, duration.parse_end(text), text)
        for text in ('', 'noon', '2d', '2020-01-01T00:00:00',
                     '9999-12-31T23:59:59-12:00'):
            self.assertRaises(argparse.ArgumentTypeError,
                              duration.parse_end, text)

    def test_for(self):
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.assertLess(
            abs(now + datetime.timedelta(days=2)
                - duration.parse_length('2d')), datetime.timedelta(minutes=1))
        for text in ('', '2', '-2d', '0d', '2y', '999999w',
                     '2130-12-24T08:00:00'):
            self.assertRaises(argparse.ArgumentTypeError,
                              duration.parse_length, text)

    def test_is_past(self):
        now = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.timezone.utc)
        self.assertEqual([True, True, False, False], [
            duration.is_past(moment, now) for moment in (
                '2026-11-21T11:59:59Z', '2026-11-21T12:00:00Z',
                '2026-11-21T12:00:01Z', None)])


class InWordsTestCase(testtools.TestCase):

    def test_in_words(self):
        now = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.timezone.utc)
        for moment, text in (
                ('2026-11-21T12:00:00Z', 'under a minute'),
                # The clock of the cloud is not this one.
                ('2026-11-21T12:05:00Z', 'under a minute'),
                ('2026-11-21T11:59:00Z', '1 minute'),
                ('2026-11-21T11:15:00Z', '45 minutes'),
                ('2026-11-21T10:00:01Z', '119 minutes'),
                ('2026-11-21T10:00:00Z', '2 hours'),
                ('2026-11-19T12:00:01Z', '47 hours'),
                ('2026-11-19T12:00:00Z', '2 days'),
                ('2026-11-18T11:00:00Z', '3 days'),
                ('2025-11-21T12:00:00Z', '365 days')):
            self.assertEqual(text, duration.in_words(moment, now))
