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

"""The calls that are measured, and what each is to reach."""

import dataclasses

LATEST = 'latest'


@dataclasses.dataclass(frozen=True)
class Target:
    """What a call with the plugin is to reach.

    :param ratio: its time and its CPU time at most, in times stock Nova's
    :param more_selects: the SELECTs that it makes at most beyond stock
        Nova's, for each cell
    :param selects: the SELECTs that it makes at most, for each cell
    """

    ratio: float | None = None
    more_selects: int | None = None
    selects: int | None = None

    def missed(self, cells, row):
        """Name what was not reached.

        :param cells: the number of cells, without cell0
        :param row: what was measured
        :returns: sentences
        """
        problems = []
        for name, tolerance, what in (
                ('ratio', 'tolerance', 'time'),
                ('work_ratio', 'work_tolerance', 'CPU')):
            if (self.ratio is not None
                    and row[name] > self.ratio * (1 + row[tolerance])):
                problems.append(
                    "takes %.3f of stock Nova's %s, to be at most %s ± %.1f %%"
                    % (row[name], what, self.ratio, 100 * row[tolerance]))
        stock, plugin = row['stock']['selects'], row['plugin']['selects']
        for limit in (
                self.selects is not None and self.selects * cells,
                self.more_selects is not None
                and stock + self.more_selects * cells):
            if limit is not False and plugin > limit:
                problems.append('makes %d SELECTs, to be at most %d'
                                % (plugin, limit))
        return problems


@dataclasses.dataclass(frozen=True)
class Call:
    """A GET request of an administrator's.

    :param path: the path and query behind /v2.1; may name ``{unlocked}`` and
        ``{locked}``, a server of each kind
    :param microversion: the microversion
    :param key: where in the answer the items stand
    :param items: what there is of them: servers, hosts, or None for one item
    :param target: what is to be reached
    """

    path: str
    microversion: str
    key: str
    items: str | None = None
    target: Target = Target()

    def __str__(self):
        path = self.path.replace('{unlocked}', '{id}').replace(
            '{locked}', '{id of a locked one}')
        return 'GET %s %s' % (path.replace('?all_tenants=1', ''),
                              self.microversion)

    @property
    def grows(self):
        """Whether the answer grows with the number of servers."""
        return self.items == 'servers'

    def is_known(self, newest):
        """Tell whether a Nova has the microversion.

        :param newest: the newest microversion of the Nova
        """
        return self.microversion == LATEST or (
            _version(self.microversion) <= _version(newest))


def _version(text):
    return [int(part) for part in text.split('.')]


def _calls(path, key, items, targets):
    return [Call(path, microversion, key, items, target)
            for microversion, target in targets.items()]


_OF_ONE = ('2.1', '2.96', LATEST)

CALLS = (
    *_calls('/servers/detail?all_tenants=1', 'servers', 'servers', {
        '2.1': Target(ratio=0.6, more_selects=1),
        '2.73': Target(ratio=0.45, more_selects=0),
        '2.96': Target(ratio=0.45, more_selects=0),
        LATEST: Target(ratio=0.5, more_selects=0)}),
    *_calls('/servers/{unlocked}', 'server', None, dict.fromkeys(
        _OF_ONE, Target(ratio=0.92, more_selects=0))),
    # Since when a server is locked, and by whom, is one statement more.
    *_calls('/servers/{locked}', 'server', None, dict.fromkeys(
        _OF_ONE, Target(ratio=1.0, more_selects=1))),
    Call('/os-hypervisors', '2.1', 'hypervisors', 'hosts',
         Target(ratio=0.04, selects=10)),
    # NOTE: from 2.88 on Nova asks each host for its uptime, if the host does
    # not report it by itself: there is none to ask here.
    Call('/os-hypervisors/detail', '2.1', 'hypervisors', 'hosts',
         Target(ratio=0.06, selects=10)),
    Call('/os-hypervisors/detail?with_servers=true', '2.53', 'hypervisors',
         'hosts', Target(ratio=0.04, selects=10)),
    Call('/flavors/detail', '2.1', 'flavors', 'flavors',
         Target(ratio=0.9, more_selects=0)),
    Call('/os-services', '2.1', 'services', 'hosts',
         Target(ratio=0.9, more_selects=0)),
    Call('/os-aggregates', '2.1', 'aggregates', 'aggregates',
         Target(ratio=0.9, more_selects=0)),
)
"""Each is asked of stock Nova and of Nova with the plugin."""

FILTER_US = 50
"""What the filter may take of a request that no extension has part in."""
