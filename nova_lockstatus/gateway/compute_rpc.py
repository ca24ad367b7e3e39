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

"""Nova's RPC calls of nova-compute, with a timeout of their own."""

import types
from typing import Any

from nova.compute import rpcapi

# NOTE: each call of ComputeAPI takes its client from there, and prepares it:
# since before release 20. A client that is prepared already can be prepared
# again, but not with the fixtures of older releases, which the embedded Nova
# is made of.
RELIES_ON = ('nova.compute.rpcapi:ComputeAPI.router',
             'nova.rpc:ClientRouter.client')


class _Client:
    """Nova's RPC client, which has a timeout once it is prepared.

    :param client: Nova's own
    :param timeout: seconds that a call waits for its answer
    """

    def __init__(self, client: Any, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def prepare(self, **kwargs: Any) -> Any:
        return self._client.prepare(timeout=self._timeout, **kwargs)


class ComputeAPI(rpcapi.ComputeAPI):  # type: ignore[misc]
    """Nova's RPC calls, in whatever version, with a timeout."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._lockstatus_timeout = timeout

    @property
    def router(self) -> Any:
        """Return what gives the calls their clients."""
        novas = super().router
        return types.SimpleNamespace(client=lambda context: _Client(
            novas.client(context), self._lockstatus_timeout))
