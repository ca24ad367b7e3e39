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

"""The calls of the compute API that the commands are made of."""

import functools
import re
import urllib.parse
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from nova_lockstatus.osc import capabilities
from nova_lockstatus.osc import error

Server = dict[str, Any]

# NOTE: the namespace of Nova's own extensions ends so since release 13. One of
# them is os-hypervisor-status, too, which in Nova is no more than a name.
_NOVAS_OWN = '/fake_xml'


class ComputeClient:
    """A cloud, as the user of the OpenStackClient logged in to it.

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
    def offer(self) -> capabilities.Capabilities:
        """What the cloud offers; its extensions are asked for once."""
        compute = self._connection.compute
        data = compute.get_endpoint_data()
        newest = data.max_microversion if data else None
        pinned = compute.default_microversion
        if pinned is not None:
            # NOTE: 'latest' can be in clouds.yaml.
            pinned = (newest if pinned.endswith('latest')
                      else capabilities.parse(pinned))
        offer = capabilities.Capabilities(newest=newest, pinned=pinned)
        try:
            found = self.get('/extensions', offer.choose())['extensions']
        except error.Refused as exc:
            # An operator may hide the list, or a cloud not have it.
            if exc.status not in (403, 404):
                raise
            return offer
        return capabilities.Capabilities(
            frozenset(extension['alias'] for extension in found
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
        """Ask.

        :param path: below the URL of the compute service
        :param microversion: the one to ask with, None: the cloud's default
        :param query: the parameters
        :returns: the answer
        :raises error.Refused: when it is an error
        """
        found: dict[str, Any] = self._request(
            'GET', path, microversion, params=query).json()
        return found

    def act(
        self, server_id: str, body: dict[str, Any], microversion: str | None,
    ) -> None:
        """Have something done to a server.

        :param server_id: which one
        :param body: the action, as the API names it
        :param microversion: the one to ask with, None: the cloud's default
        :raises error.Refused: when the cloud refuses it
        """
        self._request('POST', '/servers/%s/action' % server_id, microversion,
                      json=body)

    def _request(
        self, method: str, path: str, microversion: str | None, **more: Any,
    ) -> Any:
        answer = self._connection.compute.request(
            path, method, raise_exc=False, microversion=microversion,
            headers={'Accept': 'application/json'}, **more)
        if answer.status_code >= 400:
            raise error.Refused(answer.status_code, error.text_of(answer))
        return answer

    def pages(
        self, path: str, key: str, microversion: str | None, **query: Any,
    ) -> Iterator[dict[str, Any]]:
        """List, page by page.

        :param path: below the URL of the compute service
        :param key: of the list in the answer
        :param microversion: the one to ask with, None: the cloud's default
        :param query: the parameters
        :returns: the members
        :raises error.Refused: when the cloud refuses it
        :raises error.CommandError: when the pages have no end
        """
        markers = set()
        while True:
            answer = self.get(path, microversion, **query)
            yield from answer[key]
            marker = _next_marker(answer, key)
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

    def show_server(
        self, server_id: str, microversion: str | None,
    ) -> Server:
        """Show one server.

        :param server_id: which one
        :param microversion: the one to ask with, None: the cloud's default
        :returns: all that there is
        :raises error.Refused: when the cloud refuses it
        """
        found: Server = self.get(
            '/servers/' + server_id, microversion)['server']
        return found

    def list_servers(
        self, microversion: str | None, **query: Any,
    ) -> Iterator[Server]:
        """List servers in detail.

        :param microversion: the one to ask with, None: the cloud's default
        :param query: the filters
        :returns: the servers
        :raises error.Refused: when the cloud refuses it
        """
        return self.pages('/servers/detail', 'servers', microversion, **query)

    def find_server(
        self, name_or_id: str, microversion: str | None,
        all_projects: bool = False,
    ) -> Server:
        """Find the one server that is meant.

        :param name_or_id: its id, or its whole name
        :param microversion: the one to ask with, None: the cloud's default
        :param all_projects: whether a name may be another project's
        :returns: the server
        :raises error.CommandError: when it is none, or not one alone
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

    def read_actions(self, server_id: str) -> list[dict[str, Any]]:
        """Read what was done to a server.

        :param server_id: which one
        :returns: its instance actions, the newest first; none where the
            cloud does not let the user see them
        :raises error.Refused: when the cloud refuses it otherwise
        """
        try:
            return list(self.pages(
                '/servers/%s/os-instance-actions' % server_id,
                'instanceActions', self.offer.choose()))
        except error.Refused as exc:
            if exc.status not in (403, 404):
                raise
            return []


def _next_marker(answer: Mapping[str, Any], key: str) -> str | None:
    """Return where the next page begins, None behind the last one.

    NOTE: no more of the link counts. It begins with what the cloud takes
    itself for, which behind a proxy can be wrong.
    """
    # NOTE: in an answer with instance actions, they are just "links".
    for link in answer.get(key + '_links') or answer.get('links') or ():
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
    """Return a regular expression that the name matches, on any database.

    What databases escape differently, any character stands for.
    """
    return '^%s$' % re.sub(r'[\\^$.|?*+()\[\]{}]', '.', name)
