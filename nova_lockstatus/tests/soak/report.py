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

"""What came of a run, for people."""

import collections
import statistics

import prettytable

from nova_lockstatus.tests.soak import memory

GROWTH = 1.02
"""How many times as large as after its warm-up a worker may be at the end."""

SHARES = (50, 90, 99)
"""The percentiles that are shown."""


def missed(phases):
    """Tell what is not as it is to be.

    :param phases: the phases, each a dict
    :returns: a sentence for each
    """
    result = []
    for number, phase in enumerate(phases, 1):
        where = 'phase %d, %s: ' % (number, _side(phase))
        for failure, times in collections.Counter(phase['failures']).items():
            result.append('%sfailed %d times: %s' % (where, times, failure))
        if phase['gone']:
            result.append(where + 'a worker of nova-api has ended')
        if not phase['with_filter']:
            continue
        for sizes in phase['sizes']:
            first, last = memory.growth(sizes)
            if last > first * GROWTH:
                result.append('%sa worker has grown from %.1f to %.1f MiB' % (
                    where, first, last))
    return result


def render(phases):
    """Make text of a run.

    :param phases: the phases, each a dict
    :returns: two tables, and what was missed
    """
    lines = [str(_table_of_phases(phases)), '',
             'Milliseconds, without the filter / with it:',
             str(_table_of_calls(phases))]
    lines += ['MISSED: ' + problem for problem in missed(phases)]
    return '\n'.join(lines)


def _side(phase):
    return 'with the filter' if phase['with_filter'] else 'without the filter'


def _table_of_phases(phases):
    table = prettytable.PrettyTable((
        'Phase', 'Seconds', 'Calls', 'Calls/s', 'Failures', 'Workers, MiB'))
    table.align = 'r'
    for number, phase in enumerate(phases, 1):
        calls = sum(map(len, phase['seconds'].values()))
        table.add_row([
            '%d, %s' % (number, _side(phase)), '%.0f' % phase['lasted'],
            calls, '%.1f' % (calls / phase['lasted']),
            len(phase['failures']), ', '.join(
                '%.1f -> %.1f' % memory.growth(sizes)
                for sizes in phase['sizes'])])
    return table


def _table_of_calls(phases):
    table = prettytable.PrettyTable((
        'Call', 'Calls', *('%d %%' % share for share in SHARES), 'Longest',
        'Ratio', 'Control'))
    table.align = 'r'
    table.align['Call'] = 'l'
    stock = [phase['seconds'] for phase in phases if not phase['with_filter']]
    [plugin] = [phase['seconds'] for phase in phases if phase['with_filter']]
    for kind in sorted(plugin):
        both = [one for seconds in stock for one in seconds[kind]]
        medians = [statistics.median(seconds[kind]) for seconds in stock]
        table.add_row([
            kind, '%d / %d' % (len(both), len(plugin[kind])),
            *('%.0f / %.0f' % (1000 * one, 1000 * other) for one, other in zip(
                _distribution(both), _distribution(plugin[kind]))),
            '%.3f' % (statistics.median(plugin[kind])
                      / statistics.median(both)),
            '%.3f' % (medians[-1] / medians[0])])
    return table


def _distribution(seconds):
    parts = statistics.quantiles(seconds, n=100, method='inclusive')
    return [*(parts[share - 1] for share in SHARES), max(seconds)]
