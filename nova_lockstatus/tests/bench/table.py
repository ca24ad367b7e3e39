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

"""The result of a run, for people."""

import textwrap

import prettytable

_ABOUT = (
    'Nova %(nova)s on %(database)s, %(servers)d servers of %(projects)d '
    'projects on %(hosts)d hosts in %(cells)s beside cell0, Python '
    '%(python)s, %(cpus)s CPUs (%(cpu)s), %(date)s. The newest microversion '
    'is %(latest)s. jsonschema-rs, which compiles the schemas of responses, '
    'is %(compiled)s. Each call was made at least %(runs)d times by each '
    'process.')

_MEANING = (
    'Stock Nova, Nova with the plugin, and stock Nova again are three '
    'processes, which get each call in turn. Times are medians in '
    'milliseconds. Time and CPU are ratios to stock Nova; the control in '
    'parentheses is stock Nova again. Extensions: %s.')

_FILTER = (
    'A call that no extension has part in pays %(filter_us).1f µs for the '
    'filter and %(dispatch_us).1f µs for the frame around the controller.')

_COLUMNS = ('Call', 'Stock', 'Plugin', 'Time', 'CPU', 'To reach', 'Runs',
            'SELECTs', 'Statements', 'Bytes')


def render(result):
    """Make text of a result.

    :param result: what is written as JSON
    :returns: the header, the tables and what was missed
    """
    lines = [_about(result),
             _fill(_MEANING % ', '.join(result['about']['extensions'])),
             _pretty(_COLUMNS, [_row(row) for row in result['calls']])]
    if 'growth' in result:
        lines.append(_pretty(('Servers', *_COLUMNS), _growth(result, _row)))
    lines.append(_fill(_FILTER % result['filter']))
    lines += ['MISSED: ' + problem for problem in result['missed']]
    return '\n'.join(lines)


def _about(result):
    about = result['about']
    return _fill(_ABOUT % {
        **about,
        'cells': ('one cell' if about['cells'] == 1
                  else '%d cells' % about['cells']),
        'compiled': 'installed' if about['compiled'] else 'not installed'})


def _fill(text):
    return textwrap.fill(text, 79, break_long_words=False,
                         break_on_hyphens=False)


def _pretty(columns, rows):
    table = prettytable.PrettyTable(columns)
    table.align = 'r'
    table.align['Call'] = 'l'
    for row in rows:
        table.add_row(row)
    return str(table)


def _growth(result, columns_of):
    return [(one['servers'], *columns_of(row))
            for one in result['growth'] for row in one['calls']]


def _row(row):
    stock, plugin = row['stock'], row['plugin']
    return (row['call'], *_times(row), _ratio(row, ''), _ratio(row, 'work_'),
            row['target'] or '', row['rounds'],
            *('%d / %d' % (stock[key], plugin[key])
              for key in ('selects', 'statements', 'bytes')))


def _times(row):
    return ['%.1f' % row[side]['ms'] for side in ('stock', 'plugin')]


def _ratio(row, prefix):
    return '%.3f (%.3f)' % (row[prefix + 'ratio'], row[prefix + 'control'])


def render_rst(result):
    """Make tables for the documentation.

    :param result: what is written as JSON
    :returns: reStructuredText
    """
    def name(row):
        path, _, microversion = row['call'].rpartition(' ')
        return '``%s`` %s' % (path, microversion.replace(
            'latest', result['about']['latest']))

    def ratios(row):
        return [_ratio(row, prefix) for prefix in ('', 'work_')]

    parts = [
        _about(result),
        _list_table('34 11 11 17 17 10', (
            'Call', 'Stock', 'Plugin', 'Time (control)', 'CPU (control)',
            'To reach'),
            [(name(row), *_times(row), *ratios(row), row['target'] or '')
             for row in result['calls']]),
        *(_fill('Missed: %s.' % problem) for problem in result['missed']),
        _list_table('52 16 16 16', (
            'Call', 'SELECTs, stock', 'SELECTs, plugin', 'Bytes more'),
            [(name(row), row['stock']['selects'], row['plugin']['selects'],
              row['plugin']['bytes'] - row['stock']['bytes'])
             for row in result['calls']]),
        _fill(_FILTER % result['filter'])]
    if 'growth' in result:
        parts.append(_list_table('12 30 13 13 16 16', (
            'Servers', 'Call', 'Stock', 'Plugin', 'Time (control)',
            'CPU (control)'),
            _growth(result, lambda row: (
                name(row), *_times(row), *ratios(row)))))
    return '\n\n'.join(parts) + '\n'


def _list_table(widths, columns, rows):
    lines = ['.. list-table::', '   :header-rows: 1', '   :widths: ' + widths,
             '']
    for row in (columns, *rows):
        lines += [('     - %s' if number else '   * - %s') % (value,)
                  for number, value in enumerate(row)]
    return '\n'.join(line.rstrip() for line in lines)
