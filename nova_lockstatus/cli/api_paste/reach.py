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

"""Follows what nova-api loads from an api-paste.ini.

A file may have sections that nothing uses: composites of an API that Nova does
not have any more, filters that a template adds to each file. paste does not
read them, so they do not matter here either.
"""

from __future__ import annotations

import configparser
import dataclasses

from nova_lockstatus.cli.api_paste import reader as paste_reader

# NOTE: the name that nova/wsgi/osapi_compute.py loads, and up to Nova 31 the
# script nova-api for the API "osapi_compute" of [DEFAULT]enabled_apis.
APPLICATION = 'osapi_compute'

# NOTE: what [api]auth_strategy may be up to Nova 31.
STRATEGIES = ('keystone', 'noauth2')

# NOTE: paste takes these out of a section before a factory gets the rest.
_OPTIONS_OF_PASTE = (*paste_reader.FACTORY_OPTIONS, 'filter-with', 'require')

_URL_MAPS = ('egg:paste#urlmap', 'paste.urlmap:urlmap_factory',
             'nova.api.openstack.urlmap:urlmap_factory')


@dataclasses.dataclass
class Reached:
    """What nova-api uses of a file, and what stops paste there."""

    sections: list[str] = dataclasses.field(default_factory=list)
    pipelines: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    """The keys of the pipelines."""
    others: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    """Those that another value of [api]auth_strategy would lead to."""
    problems: list[str] = dataclasses.field(default_factory=list)
    files: list[str] = dataclasses.field(default_factory=list)
    """Problems, too: what takes a part from another file."""


@dataclasses.dataclass
class _Place:
    """An option that names something."""

    section: str
    option: str
    value: str

    def __str__(self) -> str:
        return '"%s" in [%s]' % (self.option, self.section)


def follow(config: paste_reader.PasteConfig,
           strategies: tuple[str, ...] = STRATEGIES) -> Reached:
    """Find the sections and pipelines that nova-api uses.

    :param strategies: the values that [api]auth_strategy may have: the first
        for which a composite has a pipeline has to work
    """
    walk = _Walk(config, strategies)
    if config.find('app', APPLICATION):
        walk.visit('app', APPLICATION, _Place('', '', ''))
    else:
        walk.found.problems.append(
            'it has no application %s, which nova-api loads; name the '
            'api-paste.ini of nova-api with --api-paste' % APPLICATION)
    # What is found here may never be used, so its problems are none.
    other = _Walk(config, strategies)
    for place in walk.left:
        other.visit_pipeline(place)
    walk.found.others = [key for key in other.found.pipelines
                         if key not in walk.found.pipelines]
    return walk.found


class _Walk:
    """Goes from a name to the sections that it uses, as paste does."""

    def __init__(self, config: paste_reader.PasteConfig,
                 strategies: tuple[str, ...]) -> None:
        self._config = config
        self._strategies = strategies
        self.found = Reached()
        self.left: list[_Place] = []
        """The pipelines for other values of [api]auth_strategy."""

    def visit(self, kind: str, name: str, place: _Place,
              inside: tuple[str, ...] = ()) -> None:
        """Follow a name.

        :param kind: 'filter' or 'app'
        :param place: where it stands
        :param inside: the sections that have led here
        """
        if paste_reader.is_absolute(name):
            if name.lower().startswith('config:'):
                self.found.files.append(
                    '%s takes a part from another file (%s); edit both by '
                    'hand' % (place, place.value))
                self.found.problems.append(self.found.files[-1])
            return
        section = self._find(kind, name, place)
        if section in inside:
            self.found.problems.append(
                'its section [%s] uses itself' % section)
        elif section and section not in self.found.sections:
            self.found.sections.append(section)
            try:
                options = self._config.options(section)
            except configparser.Error as error:
                self.found.problems.append(
                    'paste could not read it: [%s]: %s' % (section, error))
            else:
                self._visit_section(kind, section, options, inside)

    def _find(self, kind: str, name: str, place: _Place) -> str | None:
        sections = self._config.find(kind, name)
        if len(sections) == 1:
            return sections[0]
        if sections:
            self.found.problems.append(
                'it has two sections for one name, %s; leave one'
                % ' and '.join('[%s]' % section for section in sections[:2]))
        else:
            self.found.problems.append(
                '%s names %s, and no section says what it is; correct the '
                'name, or add a section [%s:%s]' % (place, name, kind, name))
        return None

    def _visit_section(self, kind: str, section: str, options: dict[str, str],
                       inside: tuple[str, ...]) -> None:
        inside = (*inside, section)
        prefix = section.partition(':')[0]
        if 'filter-with' in options:
            self._visit_option('filter', section, 'filter-with', options,
                               inside)
        if prefix == 'pipeline':
            self.visit_pipeline(
                _Place(section, prefix, options.get(prefix, '')), inside)
            return
        if prefix == 'filter-app':
            kind = 'filter'
            self._visit_option('app', section, 'next', options, inside)
        if 'use' in options:
            self._visit_option(kind, section, 'use', options, inside)
        elif not self._config.factory_of(kind, section):
            self.found.problems.append(
                '[%s] has neither "use" nor a factory' % section)
        if kind == 'app':
            self._visit_members(section, options, inside)

    def _visit_option(self, kind: str, section: str, option: str,
                      options: dict[str, str], inside: tuple[str, ...]
                      ) -> None:
        name = options.get(option, '')
        self.visit(kind, name, _Place(section, option, name), inside)

    def visit_pipeline(self, place: _Place, inside: tuple[str, ...] = ()
                       ) -> None:
        """Follow the names of a pipeline."""
        names = place.value.split()
        if not names:
            self.found.problems.append(
                '[%s] has no "%s" that names an application'
                % (place.section, place.option))
            return
        if (place.section, place.option) not in [
                pipeline.key for pipeline in self._config.pipelines]:
            self.found.problems.append(
                '"get %s" in [%s] takes a pipeline from [DEFAULT]; edit it by '
                'hand' % (place.option, place.section))
            return
        self.found.pipelines.append((place.section, place.option))
        for name in names[:-1]:
            self.visit('filter', name, place, inside)
        self.visit('app', names[-1], place, inside)

    def _visit_members(self, section: str, options: dict[str, str],
                       inside: tuple[str, ...]) -> None:
        """Follow what the options of a composite name."""
        factory = self._config.factory_of('app', section)
        places = {option: _Place(section, option, value)
                  for option, value in options.items()
                  if option not in _OPTIONS_OF_PASTE}
        if factory in paste_reader.PIPELINE_FACTORIES:
            chosen = next((option for option in self._strategies
                           if option in places), self._strategies[0])
            self.visit_pipeline(places.pop(
                chosen, _Place(section, chosen, '')), inside)
            self.left += [place for option, place in places.items()
                          if option in STRATEGIES]
        elif factory.lower() in _URL_MAPS:
            for place in places.values():
                self.visit('app', place.value, place, inside)
        elif section.startswith('composi'):
            # Of another factory it is not known which words it takes for
            # names.
            for place in places.values():
                for word in place.value.split():
                    if self._config.find('app', word):
                        self.visit('app', word, place, inside)
