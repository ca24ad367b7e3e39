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


@dataclasses.dataclass(frozen=True)
class Target:
    """What a call with the plugin is to reach.

    :param ratio: its time at most, in times stock Nova's
    :param more_selects: the SELECTs that it makes at most beyond stock
        Nova's, for each cell
    :param selects: the SELECTs that it makes at most, for each cell
    """

    ratio: float | None = None
    more_selects: int | None = None
    selects: int | None = None

    def missed(self, cells, stock, plugin, tolerance):
        """Tell what was not reached.

        :param cells: the number of cells, without cell0
        :param stock: ``ms`` and ``selects`` of stock Nova
        :param plugin: the same with the plugin
        :param tolerance: the part of a time that may be chance
        :returns: sentences
        """
        problems = []
        ratio = plugin['ms'] / stock['ms']
        if self.ratio is not None and ratio > self.ratio * (1 + tolerance):
            problems.append('takes %.3f × stock, to be at most %s ± %.1f %%'
                            % (ratio, self.ratio, 100 * tolerance))
        for limit in (
                self.selects is not None and self.selects * cells,
                self.more_selects is not None
                and stock['selects'] + self.more_selects * cells):
            if limit is not False and plugin['selects'] > limit:
                problems.append('makes %d SELECTs, to be at most %d'
                                % (plugin['selects'], limit))
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


SERVERS = Call('/servers/detail?all_tenants=1', '2.1', 'servers', 'servers',
               Target(ratio=1.03, more_selects=1))

FLAVORS = Call('/flavors/detail', '2.1', 'flavors', 'flavors',
               Target(ratio=1, more_selects=0))

CALLS = (
    SERVERS,
    dataclasses.replace(SERVERS, microversion='2.73', target=Target()),
    dataclasses.replace(SERVERS, microversion='2.96', target=Target()),
    dataclasses.replace(SERVERS, microversion='latest', target=Target()),
    Call('/servers/{unlocked}', '2.1', 'server',
         target=Target(ratio=1.03, more_selects=0)),
    Call('/servers/{unlocked}', 'latest', 'server'),
    Call('/servers/{locked}', '2.1', 'server'),
    Call('/os-hypervisors', '2.1', 'hypervisors', 'hosts',
         Target(ratio=0.1, selects=10)),
    Call('/os-hypervisors/detail', '2.1', 'hypervisors', 'hosts',
         Target(ratio=0.1, selects=10)),
    Call('/os-hypervisors/detail?with_servers=true', '2.53', 'hypervisors',
         'hosts', Target(selects=10)),
    FLAVORS,
    Call('/os-services', '2.1', 'services'),
)
"""Each is asked of stock Nova and of Nova with the plugin."""

APART = (SERVERS, FLAVORS)
"""Asked as well of stock Nova in a process that has no hook."""

FILTER_US = 50
"""What the filter may take of a request that no extension has part in."""
