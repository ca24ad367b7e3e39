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

"""Draws how long lists of servers take, over the number of servers."""

import io

import matplotlib as mpl
from matplotlib import figure

MARK = '<!-- Made by nova_lockstatus.tests.bench --plot -->'

_STYLE = {'svg.fonttype': 'none', 'svg.hashsalt': 'bench', 'font.size': 9,
          'font.family': 'sans-serif', 'axes.grid': True,
          'grid.color': '#dddddd'}

_LINES = (('stock', 'stock Nova', '#555555', 's'),
          ('plugin', 'with the plugin', '#1f77b4', 'o'))


def draw(result):
    """Draw one panel for each call that grows with the number of servers.

    :param result: what is written as JSON, of a run with ``--sizes``
    :returns: the SVG
    """
    growth = result['growth']
    names = [row['call'] for row in growth[0]['calls']]
    target = io.StringIO()
    with mpl.rc_context(_STYLE):
        picture = figure.Figure(figsize=(8, 2 + 2.4 * ((len(names) + 1) // 2)),
                                layout='constrained')
        panels = picture.subplots(
            (len(names) + 1) // 2, 2, sharex=True, sharey=True, squeeze=False)
        for panel, name in zip(panels.flat, names):
            _draw_call(panel, name, growth)
        for panel in panels.flat[len(names):]:
            panel.set_visible(False)
        panels[0][0].legend(loc='upper left')
        picture.supxlabel('servers')
        picture.supylabel('seconds')
        picture.suptitle(_title(result['about']))
        picture.savefig(target, format='svg', metadata={'Date': None})
    declaration, *lines = target.getvalue().splitlines()
    return '\n'.join(line.rstrip() for line in (
        declaration, MARK, *lines, ''))


def _draw_call(panel, name, growth):
    sizes = [one['servers'] for one in growth]
    rows = [row for one in growth for row in one['calls']
            if row['call'] == name]
    for side, label, colour, marker in _LINES:
        panel.plot(sizes, [row[side]['ms'] / 1000 for row in rows],
                   label=label, color=colour, marker=marker, markersize=4)
    panel.set(title=name, xscale='log', yscale='log')
    panel.set_xticks(sizes, [f'{size:,}' for size in sizes])
    panel.set_xticks([], minor=True)
    panel.yaxis.set_major_formatter('{x:g}')


def _title(about):
    return 'Nova %(nova)s, %(database)s, Python %(python)s, %(date)s' % about
