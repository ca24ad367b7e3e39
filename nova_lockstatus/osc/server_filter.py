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

"""Servers that are chosen by what they have in common."""

import argparse
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from openstack import exceptions as sdk_exceptions

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import client
from nova_lockstatus.osc import error

_HOST = 'OS-EXT-SRV-ATTR:host'


def add_all_projects(parser: Any) -> None:
    """Add the option ``--all-projects``.

    :param parser: the command's, or a group of it
    """
    parser.add_argument(
        '--all-projects', action='store_true',
        help='Look for servers in all projects (as an administrator)')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose servers.

    :param parser: the command's
    """
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
    """What the servers have in common.

    :param all_projects: they may be any project's
    :param project_id: or this project's
    :param host: the compute host that they are on
    :param tags: the tags that they all have
    """

    all_projects: bool = False
    project_id: str | None = None
    host: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Tell whether it says more than whose the servers are."""
        return bool(self.project_id or self.host or self.tags)

    def capabilities(self) -> list[capabilities.Capability]:
        """Return what the cloud has to give.

        :returns: what :meth:`offers.Offer.choose` takes
        """
        return [capabilities.TAGS] if self.tags else []

    def query(self, own_project_id: str | None) -> dict[str, str]:
        """Return the filters for the compute API.

        :param own_project_id: the project that the user is logged in to
        :returns: the parameters of GET /servers/detail
        """
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

    def holds(self, server: client.Server) -> bool:
        """Tell whether a server is really one of them.

        Nova ignores filters that it does not allow a user, and then answers
        with all servers.

        :param server: as the cloud shows it
        :returns: whether it has all that is asked for
        :raises error.CommandError: when the cloud does not show that
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


def read(args: argparse.Namespace, cloud: client.ComputeClient
         ) -> ServerFilter:
    """Read the options.

    :param args: what the parser found
    :param cloud: where to look up the project
    :returns: what they choose
    :raises error.CommandError: when the cloud cannot choose so
    """
    project_id = (find_project_id(
        cloud.identity, args.project, args.project_domain)
        if args.project else None)
    selection = ServerFilter(
        args.all_projects, project_id, args.host, tuple(args.tags))
    for capability in selection.capabilities():
        cloud.offer.require(capability)
    return selection


def servers(
    cloud: client.ComputeClient,
    selection: ServerFilter,
    *wanted: capabilities.Capability,
    **query: str,
) -> Iterator[client.Server]:
    """List the servers that are chosen.

    :param cloud: where
    :param selection: which
    :param wanted: what the answer should have, as far as may be
    :param query: further filters
    :returns: the servers
    :raises error.CommandError: when the cloud cannot tell or refuses it
    """
    microversion = cloud.offer.choose(*wanted, *selection.capabilities())
    for server in cloud.list_servers(
            microversion, **query, **selection.query(cloud.project_id)):
        # NOTE: of a server in a cell that is down, Nova knows little more
        # than the id.
        if server.get('status') != 'UNKNOWN' and selection.holds(server):
            yield server


def find_project_id(identity: Any, name_or_id: str, domain: str | None) -> str:
    """Find the id of a project.

    :param identity: the SDK's proxy of Keystone
    :param name_or_id: its name or id
    :param domain: the name or id of the domain that it is in
    :returns: its id; what was given, where the user may not look it up
    :raises error.CommandError: when there is none, or more than one
    """
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
