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

"""Calls the compute API for the commands."""

import functools
import re
import urllib.parse
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from nova_lockstatus.osc import error
from nova_lockstatus.osc.capabilities import Capabilities
from nova_lockstatus.osc.capabilities import parse_microversion

Server = dict[str, Any]

# NOTE: the namespace of Nova's own extensions ends so since release 13. Nova
# itself lists os-hypervisor-status, too, which adds nothing to its API.
_NOVAS_OWN = '/fake_xml'


class ComputeClient:
    """A client of the compute API, for the user of the OpenStackClient.

    A microversion of None is the cloud's default.

    NOTE: threads may share it, as the SDK's own share its Connection. The
    authentication plugin of keystoneauth has a lock, and its session up to
    ten connections at a time.

    :param connection: the ``openstack.connection.Connection``
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def identity(self) -> Any:
        """The SDK's proxy of Keystone."""
        return self._connection.identity

    @functools.cached_property
    def capabilities(self) -> Capabilities:
        """What the cloud supports; its extensions are requested once."""
        compute = self._connection.compute
        data = compute.get_endpoint_data()
        newest = data.max_microversion if data else None
        pinned = compute.default_microversion
        if pinned is not None:
            # NOTE: 'latest' can be in clouds.yaml.
            pinned = (newest if pinned.endswith('latest')
                      else parse_microversion(pinned))
        without_extensions = Capabilities(newest=newest, pinned=pinned)
        try:
            extensions = self.get(
                '/extensions', without_extensions.microversion_for(),
            )['extensions']
        except error.Refused as exc:
            # An operator may hide the list, or a cloud not have it.
            if exc.status not in (403, 404):
                raise
            return without_extensions
        return Capabilities(
            frozenset(extension['alias'] for extension in extensions
                      if not extension['namespace'].endswith(_NOVAS_OWN)),
            newest, pinned)

    @property
    def project_id(self) -> str | None:
        """The project that the user is logged in to."""
        project_id: str | None = self._connection.current_project_id
        return project_id

    def get(
        self, path: str, microversion: str | None, **query: Any,
    ) -> dict[str, Any]:
        """Send a GET request.

        :param path: below the URL of the compute service
        :raises error.Refused: when it is an error
        """
        body: dict[str, Any] = self._request(
            'GET', path, microversion, params=query).json()
        return body

    def act(
        self, server_id: str, body: dict[str, Any], microversion: str | None,
    ) -> None:
        """Run a server action.

        :param body: such as ``{'unlock': None}``
        :raises error.Refused: when the cloud refuses it
        """
        self._request('POST', '/servers/%s/action' % server_id, microversion,
                      json=body)

    def _request(
        self, method: str, path: str, microversion: str | None, **kwargs: Any,
    ) -> Any:
        response = self._connection.compute.request(
            path, method, raise_exc=False, microversion=microversion,
            headers={'Accept': 'application/json'}, **kwargs)
        if response.status_code >= 400:
            raise error.Refused(response.status_code, error.text_of(response))
        return response

    def pages(
        self, path: str, key: str, microversion: str | None, **query: Any,
    ) -> Iterator[dict[str, Any]]:
        """List the members of a collection, page by page.

        :param key: of the list in the body of a page
        :raises error.Refused: when the cloud refuses it
        :raises error.CommandError: when the pages have no end
        """
        markers = set()
        while True:
            page = self.get(path, microversion, **query)
            yield from page[key]
            marker = _next_marker(page, key)
            if marker is None:
                return
            # NOTE: from microversion 2.33 to 2.52 two cells can have the same
            # ids of hypervisors, and such a marker means the first one.
            if marker in markers:
                raise error.CommandError(
                    'The pages of %s lead in a circle, back to the marker '
                    '%s: choose another microversion with '
                    '--os-compute-api-version.' % (path, marker))
            markers.add(marker)
            query['marker'] = marker

    def show_server(self, server_id: str, microversion: str | None) -> Server:
        """Show one server in detail.

        :raises error.Refused: when the cloud refuses it
        """
        server: Server = self.get(
            '/servers/' + server_id, microversion)['server']
        return server

    def list_servers(
        self, microversion: str | None, **query: Any,
    ) -> Iterator[Server]:
        """List servers in detail.

        :raises error.Refused: when the cloud refuses it
        """
        return self.pages('/servers/detail', 'servers', microversion, **query)

    def find_server(
        self, name_or_id: str, microversion: str | None,
        all_projects: bool = False,
    ) -> Server:
        """Find one server.

        :param name_or_id: its id, or its whole name
        :param all_projects: whether the name can be in another project
        :raises error.CommandError: when no server or several have the name
        """
        if _is_uuid(name_or_id):
            try:
                return self.show_server(name_or_id, microversion)
            except error.Refused as exc:
                if exc.status != 404:
                    raise
        query = {'all_tenants': 'True'} if all_projects else {}
        found = [server for server in self.list_servers(
                     microversion, name=_pattern(name_or_id), **query)
                 if server.get('name') == name_or_id]
        if len(found) == 1:
            return found[0]
        if not found:
            raise error.CommandError(
                "No server has the name or id '%s'." % name_or_id)
        raise error.CommandError(
            "%d servers have the name '%s', name one by its id: %s."
            % (len(found), name_or_id,
               ', '.join(sorted(server['id'] for server in found))))

    def instance_actions(self, server_id: str) -> list[dict[str, Any]]:
        """List the instance actions of a server.

        :returns: the newest first; none where the cloud does not let the
            user see them
        :raises error.Refused: when the cloud refuses it otherwise
        """
        try:
            return list(self.pages(
                '/servers/%s/os-instance-actions' % server_id,
                'instanceActions', self.capabilities.microversion_for()))
        except error.Refused as exc:
            if exc.status not in (403, 404):
                raise
            return []


def _next_marker(page: Mapping[str, Any], key: str) -> str | None:
    """Return the marker of the next page, None behind the last one.

    NOTE: nothing else of the link is used. It begins with the URL that the
    cloud has for itself, which behind a proxy can be wrong.
    """
    # NOTE: a page of instance actions has them under "links".
    for link in page.get(key + '_links') or page.get('links') or ():
        if link['rel'] == 'next':
            query: str = urllib.parse.urlsplit(link['href']).query
            return urllib.parse.parse_qs(query)['marker'][0]
    return None


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _pattern(name: str) -> str:
    """Return a regular expression that matches the name in any database.

    A dot stands for each character that databases escape differently.
    """
    return '^%s$' % re.sub(r'[\\^$.|?*+()\[\]{}]', '.', name)
