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

"""Writes the paste file: that of the installed Nova, with the filter."""

import configparser
import os
import sys
from collections.abc import Collection, Mapping

import nova

_FILTER = 'lockstatus'

#: Each pipeline's section, and the filter that the plugin's comes after.
_PIPELINES = {
    'v2.1': ('composite:openstack_compute_api_v21', 'keystonecontext'),
    'v2': ('composite:openstack_compute_api_v21_legacy_v2_compatible',
           'legacy_v2_compatible'),
}


def find() -> str:
    """Find the paste file that the installed Nova ships.

    :raises FileNotFoundError: when there is none
    """
    source_tree = os.path.dirname(os.path.dirname(nova.__file__))
    for folder in (sys.prefix, source_tree):
        path = os.path.join(folder, 'etc', 'nova', 'api-paste.ini')
        if os.path.exists(path):
            return path
    raise FileNotFoundError(
        'etc/nova/api-paste.ini is neither in the environment '
        f'{sys.prefix} nor beside the package nova in {source_tree}')


def write(
    path: str,
    pipelines: Collection[str],
    options: Mapping[str, str],
) -> None:
    """Write the embedded Nova's paste file.

    :param pipelines: which get the plugin's filter: of 'v2' and 'v2.1'
    :raises ValueError: when a pipeline is neither
    """
    unknown = set(pipelines) - set(_PIPELINES)
    if unknown:
        raise ValueError(f'no such pipeline: {sorted(unknown)}')
    # NOTE: as paste.deploy reads it: option names keep their case.
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    with open(find(), encoding='utf-8') as source:
        parser.read_file(source)
    parser['filter:authtoken'] = {
        'paste.filter_factory': 'nova_lockstatus.embedded.auth:filter_factory'}
    if pipelines:
        parser[f'filter:{_FILTER}'] = {'use': 'egg:nova-lockstatus', **options}
    for pipeline in pipelines:
        section, before = _PIPELINES[pipeline]
        filters = parser[section]['keystone'].split()
        filters.insert(filters.index(before) + 1, _FILTER)
        parser[section]['keystone'] = ' '.join(filters)
    with open(path, 'w', encoding='utf-8') as target:
        parser.write(target)
