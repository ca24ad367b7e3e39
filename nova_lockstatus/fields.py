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

"""Computes the fields of servers and merges them into Nova's own answer."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from oslo_log import log as logging

from nova_lockstatus.extensions import base

LOG = logging.getLogger(__name__)

_SCALARS = (str, bool, int, type(None))

Target = dict[str, Any]


class Asked(NamedTuple):
    """What is to be known of a request to answer it.

    :param may: asks a policy rule for the caller, with a target
    :param supports: tells whether the request's microversion is a given one
        or newer
    :param shows_alone: whether one server was asked for
    """

    may: Callable[[str, Target], bool]
    supports: Callable[[str], bool]
    shows_alone: bool = False

    def allows(self, rule: str, target: Target) -> bool:
        """Ask a rule, and take what cannot be asked for a refusal.

        :param rule: the rule
        :param target: what it is asked for
        :returns: whether it lets the caller pass
        """
        try:
            return self.may(rule, target)
        except Exception:
            LOG.warning('The rule %s cannot be asked.', rule, exc_info=True)
            return False


class ServerFields:
    """The fields that a pipeline's extensions add to servers.

    :param extensions: the extensions, in their order: where two add the same
        key, the first one's counts
    """

    def __init__(self, extensions: Sequence[base.Extension]) -> None:
        self._extensions = [extension for extension in extensions
                            if extension.server_fields]
        self._warned: set[tuple[Any, ...]] = set()

    def merge(self, asked: Asked,
              servers: Iterable[tuple[dict[str, Any], base.Server]]) -> None:
        """Add the fields to servers, and withhold what a rule refuses.

        Nothing that goes wrong with a field leaves this function: the field
        is left out, and the log has it, once for each cause.

        :param asked: the request
        :param servers: the dict of each server in the answer, changed in
            place, with the server
        """
        decisions: dict[tuple[Any, ...], dict[str, bool]] = {}
        for body, server in servers:
            target = _target(server.instance)
            granted = decisions.get(key := tuple(target.values()))
            if granted is None:
                granted = decisions[key] = self._decide(asked, target)
            for extension in self._extensions:
                self._merge_extension(asked, extension, granted, body, server)

    def _decide(self, asked: Asked, target: Target) -> dict[str, bool]:
        decision = {}
        for extension in self._extensions:
            for field in extension.server_fields:
                try:
                    decision[field.rule] = asked.may(field.rule, target)
                except Exception as error:
                    # What nobody can be asked for is not shown.
                    decision[field.rule] = False
                    self._warn(extension, field, error,
                               'its rule cannot be asked')
        return decision

    def _merge_extension(self, asked: Asked, extension: base.Extension,
                         granted: dict[str, bool], body: dict[str, Any],
                         server: base.Server) -> None:
        known = all(name in server.instance
                    for name in extension.instance_attributes)
        for field in extension.server_fields:
            in_nova = (field.key in body and field.nova_since is not None
                       and asked.supports(field.nova_since))
            if in_nova and not granted[field.rule]:
                # Nova's schema requires the key.
                body[field.key] = None
            elif in_nova and not field.replaces_nova:
                continue
            elif granted[field.rule] and known and (
                    asked.shows_alone or not field.shown_alone):
                self._add(extension, field, body, server, in_nova)

    def _add(self, extension: base.Extension, field: base.ServerField,
             body: dict[str, Any], server: base.Server,
             in_nova: bool) -> None:
        if field.key in body and not in_nova:
            self._warn(extension, field, None, 'the answer has that key')
            return
        try:
            value = field.value(server)
            if type(value) not in _SCALARS:
                json.dumps(value, allow_nan=False)
        except Exception as error:
            self._warn(extension, field, error, 'it cannot be computed')
        else:
            body[field.key] = value

    def _warn(self, extension: base.Extension, field: base.ServerField,
              error: Exception | None, problem: str) -> None:
        cause = (extension.alias, field.key, problem, _origin(error))
        if cause in self._warned:
            return
        self._warned.add(cause)
        LOG.warning(
            "The field '%(key)s' of the extension '%(alias)s' is left out: "
            '%(problem)s. This is logged once for each cause.',
            {'key': field.key, 'alias': extension.alias, 'problem': problem},
            exc_info=error)


def _target(instance: Any) -> Target:
    # Of a server in a cell that is down the user may be unknown.
    return {'project_id': instance.project_id,
            'user_id': instance.user_id if 'user_id' in instance else None}


def _origin(error: Exception | None) -> tuple[Any, ...]:
    """Tell causes apart by the code that raised, not by its message."""
    if error is None:
        return ()
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return (type(error),)
    return (type(error), traceback.tb_frame.f_code, traceback.tb_lineno)
