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

import prettytable

_HEADER = """\
Nova %(nova)s on %(database)s: %(servers)d servers of %(projects)d projects
on %(hosts)d hosts in %(cells)d cell(s) beside cell0. Python %(python)s,
%(cpus)s CPUs (%(cpu)s), %(date)s.
Extensions: %(extensions)s.
Stock Nova, Nova with the filter, and stock Nova again are in one process, and
are asked in turn as WSGI applications: there is no HTTP server between, and no
Neutron behind. Native threads, response validation "warn", garbage collector
on. Times are medians in milliseconds; control is stock again over stock. CPU
is the ratio, and its control, of what the process of nova-api works."""

_COLUMNS = ('Call', 'Stock', 'Plugin', 'Ratio', 'Control', 'CPU', 'Runs',
            'SELECTs', 'Statements', 'Bytes')


def render(result):
    """Make text of a result.

    :param result: what is written as JSON
    :returns: the header, the table and what was missed
    """
    table = prettytable.PrettyTable(_COLUMNS)
    table.align = 'r'
    table.align['Call'] = 'l'
    for row in result['calls']:
        table.add_row(_row(row['call'], row))
    for row in result['hooks']:
        table.add_row(_row(row['call'] + ' *', row))
    about = result['about']
    lines = [_HEADER % {**about, 'extensions': ', '.join(about['extensions'])},
             str(table)]
    if result['hooks']:
        lines.append('* Stock Nova alone: in a process without hooks, beside '
                     'one with them, and another without.')
    lines.append(
        'Where no extension has part: filter %(filter_us).1f µs, frame around '
        'the controller %(dispatch_us).1f µs.' % result['filter'])
    lines += ['MISSED: ' + problem for problem in result['missed']]
    return '\n'.join(lines)


def _row(name, row):
    stock, plugin = row['stock'], row['plugin']
    return (name, '%.1f' % stock['ms'], '%.1f' % plugin['ms'],
            '%.3f' % row['ratio'], '%.3f' % row['control'],
            '%.3f / %.3f' % (row['work_ratio'], row['work_control']),
            row['rounds'],
            *('%d / %d' % (stock[key], plugin[key])
              for key in ('selects', 'statements', 'bytes')))
