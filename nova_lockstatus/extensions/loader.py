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

"""Loads the extensions that the configuration names, through stevedore."""

import collections
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

import stevedore
from oslo_policy import policy

from nova_lockstatus import exception
from nova_lockstatus.extensions import base
from nova_lockstatus.extensions import route

NAMESPACE = 'nova_lockstatus.extensions'

_PARTS: Mapping[str, type] = {
    'policies': policy.RuleDefault,
    'server_fields': base.ServerField,
    'hypervisor_fields': base.HypervisorField,
    'instance_attributes': str,
    'system_metadata': str,
    'routes': route.Route,
}


def load_extensions(aliases: Sequence[str]) -> list[base.Extension]:
    """Load extensions by alias, and nothing else.

    :param aliases: the aliases, in the order of the extensions
    :raises DuplicateExtension: when an alias is named twice, or two packages
        have it
    :raises ExtensionNotFound: when no installed package has an alias
    :raises BrokenExtension: when an extension cannot be imported or made, or
        does not keep the contract
    """
    _check_names(aliases)
    manager: stevedore.NamedExtensionManager[Any]
    manager = stevedore.NamedExtensionManager(
        NAMESPACE,
        names=list(aliases),
        invoke_on_load=True,
        name_order=True,
        on_load_failure_callback=_refuse,
        on_missing_entrypoints_callback=_refuse_missing)
    return [_checked(loaded.name, loaded.obj) for loaded in manager]


def _check_names(aliases: Sequence[str]) -> None:
    # NOTE: stevedore takes the last of several entry points of one name
    # without a word when they are not neighbours, so they are counted here.
    installed = collections.Counter(
        point.name for point in metadata.entry_points(group=NAMESPACE))
    for alias, times in collections.Counter(aliases).items():
        if times > 1:
            raise exception.DuplicateExtension(
                alias=alias, problem='is enabled %d times' % times)
        if installed[alias] > 1:
            raise exception.DuplicateExtension(
                alias=alias,
                problem='comes from %d installed packages' % installed[alias])


def _refuse_missing(aliases: Iterable[str]) -> None:
    installed = metadata.entry_points(group=NAMESPACE).names
    raise exception.ExtensionNotFound(
        alias=', '.join(sorted(aliases)),
        installed=', '.join(sorted(installed)) or 'none')


def _refuse(_manager: Any, entry_point: Any, error: BaseException) -> None:
    raise _raised(entry_point.name, error) from error


def _raised(alias: str, error: BaseException) -> exception.BrokenExtension:
    return exception.BrokenExtension(alias=alias, problem='%s: %s' % (
        type(error).__name__, ' '.join(str(error).split())))


def _checked(alias: str, extension: Any) -> base.Extension:
    if not isinstance(extension, base.Extension):
        raise exception.BrokenExtension(
            alias=alias, problem='%s is no %s.Extension' % (
                type(extension).__name__, base.__name__))
    try:
        problem = next(_problems(alias, extension), None)
    except Exception as error:
        # Its attributes can be properties, and describe() its own.
        raise _raised(alias, error) from error
    if problem:
        raise exception.BrokenExtension(alias=alias, problem=problem)
    return extension


def _problems(alias: str, extension: base.Extension) -> Iterator[str]:
    """Find where an extension breaks the contract.

    The start of nova-api relies on it later.
    """
    if extension.alias != alias:
        yield "it calls itself '%s'" % extension.alias
    for key, value in extension.describe().items():
        if key != 'links' and not (value and isinstance(value, str)):
            yield 'its %s is no text' % key
    for part, kind in _PARTS.items():
        found = getattr(extension, part)
        if (isinstance(found, str) or not isinstance(found, Collection)
                or not all(isinstance(item, kind) for item in found)):
            yield 'its %s is no collection of %s' % (part, kind.__name__)
    for field in extension.fields:
        if not all(isinstance(text, str)
                   for text in (field.key, *field.rules)):
            yield ('the key or a rule of its field %r is no text'
                   % (field.key,))
    metadata_keys = extension.system_metadata
    if not (isinstance(metadata_keys, Mapping)
            and all(map(callable, metadata_keys.values()))):
        yield 'its system_metadata is no mapping to functions'
