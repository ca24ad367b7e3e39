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

"""Has the same calls made by several applications in turn, and compares."""

import contextlib
import statistics

from nova_lockstatus.tests.bench import calls
from nova_lockstatus.tests.bench import process

MOST_ROUNDS = 200

# What differs by more is not measured on a machine that can tell.
MOST_TOLERANCE = 0.05

# NOTE: CPython 3.11 and newer keep frames in chunks of memory. A loop whose
# calls just cross from one chunk to the next takes and frees one each time,
# and is up to twice as slow. Which loop of Nova's that is depends on the depth
# of the stack alone, and so on any frame that the plugin adds. So each round
# is at another depth; a chunk has room for about DEPTHS small frames.
DEPTHS = 37
DEPTH_STEP = 5


class Asker:
    """Asks one worker one call.

    :param worker: the worker
    :param call: the call
    :param ids: the servers that the call's path may name
    """

    def __init__(self, worker, call, ids):
        self._worker = worker
        self._key = call.key
        self._details = {'microversion': call.microversion,
                         'path': call.path.format(**ids)}

    def check(self):
        """Have the call made, with an answer that must be valid.

        :raises RuntimeError: when Nova's schema refuses the answer
        """
        self._worker.order('check', **self._details)

    def look(self):
        """Return what the call costs the database, and what it gives."""
        return self._worker.order('look', key=self._key, **self._details)

    def time(self, depth):
        """Return the milliseconds that the call takes, and its work.

        :param depth: how many further frames to have on the stack
        """
        return [1000 * seconds for seconds in
                self._worker.order('time', depth=depth, **self._details)]


def alternate(askers, runs, seconds):
    """Time applications in turn, each round beginning with another.

    :param askers: the askers
    :param runs: the least number of rounds
    :param seconds: how long to go on with calls that are quick
    :returns: for each asker its times and, of these, its process's work, both
        in milliseconds
    """
    times = [([], []) for _ in askers]
    done = 0
    while done < runs or (done < MOST_ROUNDS and 1000 * seconds > sum(
            sum(time) for time, _work in times)):
        for offset in range(len(askers)):
            number = (done + offset) % len(askers)
            found = askers[number].time(done * DEPTH_STEP % DEPTHS)
            for value, kept in zip(found, times[number]):
                kept.append(value)
        done += 1
    return times


def chance(*samples):
    """Estimate how much the ratio of two medians can differ by chance.

    :param samples: the times of each
    :returns: twice the standard error, as a part of the ratio
    """
    return 2 * sum(_error(times) ** 2 for times in samples) ** 0.5


def _error(times):
    median = statistics.median(times)
    spread = statistics.median(abs(time - median) for time in times)
    # Of a normal distribution, from the median of the deviations.
    return 1.2533 * 1.4826 * spread / len(times) ** 0.5 / median


def compare(askers, runs, seconds):
    """Compare an application with another, and that with one like it.

    :param askers: of the first, the second and the one like the first
    :param runs: the least number of rounds
    :param seconds: how long to go on with calls that are quick
    :returns: their medians in milliseconds, the number of rounds, and of the
        times and of the work the ratios to the first one and what of them can
        be chance
    """
    found = alternate(askers, runs, seconds)
    times, work = zip(*found)
    return {'ms': [statistics.median(one) for one in times[:2]],
            'rounds': len(times[0]), 'times_ms': times, 'work_ms': work,
            **_ratios('', times), **_ratios('work_', work)}


def _ratios(prefix, samples):
    first, second, control = map(statistics.median, samples)
    return {prefix + 'ratio': second / first,
            prefix + 'control': control / first,
            prefix + 'tolerance': min(MOST_TOLERANCE, max(
                abs(control / first - 1), chance(*samples[:2])))}


@contextlib.contextmanager
def started(config):
    """Start stock Nova, Nova with the plugin, and stock Nova once more.

    :param config: the path of the nova.conf
    :returns: the workers, and what the one with the plugin has
    :raises RuntimeError: when one is stock Nova and should not be, or is not
    """
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(process.start(kind, config))
                   for kind in ('stock', 'plugin', 'stock')]
        found = [worker.ready() for worker in workers]
        hooked = [about['hooked'] for about in found]
        if hooked != [False, True, False]:
            raise RuntimeError('processes have hooks: %s' % hooked)
        yield workers, found[1]


def measure(workers, call, ids, options):
    """Measure a call.

    :param workers: stock Nova, Nova with the plugin, stock Nova
    :param call: the call
    :param ids: servers that the call may name
    :param options: the numbers of rounds, cells, and of what the call lists
    :returns: a dict for JSON
    :raises RuntimeError: when an answer is not valid, or does not have every
        item
    """
    askers = [Asker(worker, call, ids) for worker in workers]
    for asker in askers:
        # It fills caches as well, which are not what is measured.
        asker.check()
    looks = [asker.look() for asker in askers]
    for look in looks:
        if call.items and look['items'] != options[call.items]:
            raise RuntimeError('%s has %d items instead of %d' % (
                call, look['items'], options[call.items]))
    stock, plugin, _control = looks
    found = compare(askers, options['runs'], options['seconds'])
    stock['ms'], plugin['ms'] = found.pop('ms')
    adds = set(plugin.pop('keys')) - set(stock.pop('keys'))
    row = {'call': str(call), 'stock': stock, 'plugin': plugin, **found,
           'target': call.target.ratio, 'grows': call.grows,
           'adds': sorted(adds)}
    return {**row, 'missed': call.target.missed(options['cells'], row)}


def filter_share(worker):
    """Measure what the plugin takes of a request that it has no part in.

    :param worker: a worker that has the filter
    :returns: a dict for JSON
    """
    found = worker.order('share')
    together = found['filter_us'] + found['dispatch_us']
    found['missed'] = [] if together < calls.FILTER_US else [
        'takes %.1f µs, to be below %d' % (together, calls.FILTER_US)]
    return found
