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


import testtools

from nova_lockstatus.tests.bench import announcements
from nova_lockstatus.tests.bench import rack


def told(what, servers, first, last):
    return {'what': what, 'servers': servers, 'first': first, 'last': last}


def found(*rows, ms=49.9):
    return {'told': rows, 'look': {'hosts': 1000, 'ms': ms},
            'about': {'cpus': 2, 'date': '2026-11-21'}}


VERSIONED = announcements.FORCE_DOWN % 'versioned'

BOTH = announcements.FORCE_DOWN % 'both'


class MissedTestCase(testtools.TestCase):

    def test_nothing_is_missed(self):
        self.assertEqual([], announcements.missed(found(
            told(VERSIONED, 50, [9], [0.29]),
            told(VERSIONED, 1000, [0.09], [0.99]),
            told(announcements.LOST_HEARTBEAT, 50, [0.1], [0.99]))))

    def test_what_has_no_target(self):
        self.assertEqual([], announcements.missed(found(
            told(BOTH, 1000, [9], [9]), told(VERSIONED, 70, [9], [9]),
            told(announcements.RESET_STATE % 'one by one', 50, [9], [9]))))

    def test_medians_count(self):
        self.assertEqual(
            ['force-down, versioned, 1000 servers: the first is told after '
             '0.100 s, to be below 0.1',
             'force-down, versioned, 1000 servers: the last is told after '
             '1.200 s, to be below 1.0'],
            announcements.missed(found(told(
                VERSIONED, 1000, [0.05, 0.1, 0.2], [1.2, 0.1, 1.3]))))

    def test_lost_heartbeat(self):
        self.assertEqual(
            ['lost heartbeat, 50 servers: the last is told after 1.000 s, '
             'to be below 1.0'],
            announcements.missed(found(told(
                announcements.LOST_HEARTBEAT, 50, [0.1], [1.0]))))

    def test_rack(self):
        rows = [{**told(rack.LOST % rack.watches(count), 5000, [first],
                        [last]), 'cpu': [4.0]}
                for count, first, last in ((1, 2.0, 5.9), (2, 9, 5.9))]
        self.assertEqual(
            ['rack lost, one watch, 5000 servers: the first is told after '
             '2.000 s, to be below 2.0',
             'rack lost, 2 watches: the last is told after 5.900 s, to be '
             'below 5.900'],
            announcements.missed({'told': rows}))
        rows[0]['first'], rows[1]['last'] = [1.9], [5.8]
        self.assertEqual([], announcements.missed({'told': rows}))
        # Another size has no target.
        self.assertEqual([], announcements.missed({'told': [
            told(rack.LOST % rack.watches(1), 400, [9], [9])]}))
        text = announcements.render({
            'told': rows, 'about': found()['about']})
        self.assertTrue(text.endswith(
            'rack lost, one watch: 4.0 seconds of CPU, 847 messages a second\n'
            'rack lost, 2 watches: 4.0 seconds of CPU, 862 messages a second'),
            text)

    def test_look(self):
        self.assertEqual(
            ['a look at 1000 hosts takes 50.0 ms of CPU, to be below 50'],
            announcements.missed(found(ms=50.0)))

    def test_text(self):
        text = announcements.render(found(
            told(VERSIONED, 50, [0.01, 0.02, 0.03], [0.4, 0.5, 0.9])))
        lines = [[word.strip() for word in line.split('|')[1:-1]]
                 for line in text.splitlines()]
        self.assertIn(['force-down, versioned', '50', '3', '0.020', '0.500',
                       '0.900'], lines)
        self.assertIn('2 CPUs, 2026-11-21', text)
        self.assertIn('A look at 1000 hosts takes 49.9 ms of CPU.', text)
        self.assertTrue(text.endswith(
            'MISSED: force-down, versioned, 50 servers: the last is told '
            'after 0.500 s, to be below 0.3'))
