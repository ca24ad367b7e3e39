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

"""Selects servers by project, host and tag, and finds the project."""

import argparse
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from openstack import exceptions as sdk_exceptions

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import error
from nova_lockstatus.osc.client import ComputeClient
from nova_lockstatus.osc.client import Server

_HOST = 'OS-EXT-SRV-ATTR:host'


def add_all_projects(parser: Any) -> None:
    """Add the option ``--all-projects``."""
    parser.add_argument(
        '--all-projects', action='store_true',
        help='Look for servers in all projects (as an administrator)')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that select servers."""
    group = parser.add_argument_group(
        title='which servers', description=(
            'Several options choose the servers that fit all of them. Where '
            'neither --all-projects nor --project is given, only servers of '
            'your own project are chosen.'))
    add_all_projects(group)
    group.add_argument(
        '--project', metavar='<project>',
        help='Servers of this project, by name or id')
    group.add_argument(
        '--project-domain', metavar='<project-domain>',
        help='The domain of that project, by name or id, if several domains '
             'have a project of the name')
    group.add_argument(
        '--host', metavar='<host>',
        help='Servers on this compute host (as an administrator)')
    group.add_argument(
        '--tag', metavar='<tag>', action='append', dest='tags', default=[],
        help='Servers with this tag, repeat it for those that have several '
             'tags (needs microversion 2.26)')


@dataclasses.dataclass(frozen=True)
class ServerFilter:
    """The options that select servers. A server has to match all of them."""

    all_projects: bool = False
    project_id: str | None = None
    host: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def needed(self) -> list[capabilities.Capability]:
        """The features that a request with this filter uses."""
        return [capabilities.TAGS] if self.tags else []

    def query(self, own_project_id: str | None) -> dict[str, str]:
        """Return the parameters of ``GET /servers/detail``."""
        query = {}
        if self.all_projects or (
                self.project_id and self.project_id != own_project_id):
            query['all_tenants'] = 'True'
        if self.project_id:
            query['project_id'] = self.project_id
        if self.host:
            query['host'] = self.host
        if self.tags:
            query['tags'] = ','.join(self.tags)
        return query

    def matches(self, server: Server) -> bool:
        """Tell whether a server that the cloud returned matches.

        Nova ignores filters that a user may not use, and returns all servers.

        :raises error.CommandError: when the cloud does not show the host
        """
        if self.project_id and server.get('tenant_id') != self.project_id:
            return False
        if self.host:
            if _HOST not in server:
                raise error.CommandError(
                    'The cloud does not show you on which host a server is, '
                    'so --host cannot be used.')
            if server[_HOST] != self.host:
                return False
        return set(self.tags) <= set(server.get('tags', ()))


def from_args(args: argparse.Namespace, client: ComputeClient) -> ServerFilter:
    """Make a filter of the options.

    :raises error.CommandError: when there is no such project, or the cloud
        does not support an option
    """
    project_id = (_find_project_id(
        client.identity, args.project, args.project_domain)
        if args.project else None)
    server_filter = ServerFilter(
        args.all_projects, project_id, args.host, tuple(args.tags))
    for capability in server_filter.needed:
        client.capabilities.require(capability)
    return server_filter


def list_servers(
    client: ComputeClient,
    server_filter: ServerFilter,
    *needed: capabilities.Capability,
    **query: str,
) -> Iterator[Server]:
    """List the servers that a filter matches.

    :param needed: the features that the command uses, if the cloud has them
    :raises error.CommandError: when the cloud refuses it or does not show
        the host
    """
    microversion = client.capabilities.microversion_for(
        *needed, *server_filter.needed)
    for server in client.list_servers(
            microversion, **query, **server_filter.query(client.project_id)):
        # NOTE: of a server in a cell that is down, Nova knows little more
        # than the id.
        if server.get('status') != 'UNKNOWN' and server_filter.matches(server):
            yield server


def list_locked(
    client: ComputeClient,
    server_filter: ServerFilter,
    *needed: capabilities.Capability,
    **query: str,
) -> Iterator[Server]:
    """List the locked servers that a filter matches.

    A cloud that cannot filter by lock returns unlocked servers, too: the
    caller has to check them.

    :raises error.CommandError: when the cloud refuses it or does not show
        the host
    """
    if client.capabilities.supports(capabilities.FIND_LOCKED):
        query['locked'] = 'True'
    return list_servers(
        client, server_filter, capabilities.LOCKED, capabilities.FIND_LOCKED,
        *needed, **query)


def _find_project_id(
    identity: Any, name_or_id: str, domain: str | None,
) -> str:
    query = {}
    if domain is not None:
        query['domain_id'] = _find(identity.find_domain, 'domain', domain)
    return _find(identity.find_project, 'project', name_or_id, **query)


def _find(
    find: Callable[..., Any], what: str, name_or_id: str, **query: str,
) -> str:
    try:
        found: str = find(name_or_id, ignore_missing=False, **query).id
    except sdk_exceptions.DuplicateResource as exc:
        raise error.CommandError(
            "More than one %s has the name '%s': name one by its id, or a "
            'project by its domain too, with --project-domain.'
            % (what, name_or_id)) from exc
    except sdk_exceptions.HttpException as exc:
        # As a rule only administrators may look others up.
        if exc.status_code == 403:
            return name_or_id
        if not isinstance(exc, sdk_exceptions.NotFoundException):
            raise
        raise error.CommandError(
            "No %s has the name or id '%s'." % (what, name_or_id)) from exc
    return found
