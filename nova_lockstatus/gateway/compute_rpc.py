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

"""Nova's RPC calls of nova-compute, with a limit on the time."""

from typing import Any

from nova.compute import rpcapi

# NOTE: each call of ComputeAPI takes its client from there, and prepares it:
# since before release 20. A client that is prepared already can be prepared
# again, but not with the fixtures of older releases, which the embedded Nova
# is made of.
RELIES_ON = ('nova.compute.rpcapi:ComputeAPI.router',
             'nova.rpc:ClientRouter.client')


class _Router:
    """Gives Nova's RPC clients, which then wait for so long at the most.

    :param router: Nova's own
    :param seconds: how long
    """

    def __init__(self, router: Any, seconds: float) -> None:
        self._router = router
        self._seconds = seconds

    def client(self, context: Any) -> '_Client':
        return _Client(self._router.client(context), self._seconds)


class _Client:
    """An RPC client that waits for so long at the most.

    :param client: Nova's own
    :param seconds: how long
    """

    def __init__(self, client: Any, seconds: float) -> None:
        self._client = client
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def prepare(self, **kwargs: Any) -> Any:
        return self._client.prepare(timeout=self._seconds, **kwargs)


class ComputeAPI(rpcapi.ComputeAPI):  # type: ignore[misc]
    """Nova's RPC calls, in whatever version, with a limit on the time.

    :param seconds: how long a call waits
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._lockstatus_seconds = seconds

    @property
    def router(self) -> _Router:
        """Give the clients that wait no longer."""
        return _Router(super().router, self._lockstatus_seconds)
