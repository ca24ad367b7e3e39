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

"""Has hypothesis make requests."""

from collections.abc import Callable

import hypothesis
from hypothesis import strategies as st

from nova_lockstatus.tests.fuzz import requests as fuzz_requests
from nova_lockstatus.tests.fuzz import strategies

BATCH = 200


def feed(check: Callable[[fuzz_requests.Request], object], inputs: int,
         seed: int,
         kind: st.SearchStrategy[fuzz_requests.Request] | None = None
         ) -> None:
    """Try requests, each another one.

    Where the check raises, hypothesis looks for the smallest request that
    makes it raise.

    :param check: tries a request
    :param inputs: how many
    :param seed: what they depend on, beside the versions of Nova and
        hypothesis
    :param kind: the strategy that makes the requests, None for all requests
    """
    # The requests' hashes, as some of them are large.
    tried: set[int] = set()
    kind = kind or strategies.all_requests()
    while len(tried) < inputs:
        _feed_batch(check, tried, inputs, seed, kind)
        seed += 1


def _feed_batch(check, tried, inputs, seed, kind) -> None:
    # NOTE: hypothesis makes many of its examples out of others. Of those that
    # are the same, one is tried.
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=BATCH, database=None, deadline=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(kind)
    def try_one(request: fuzz_requests.Request) -> None:
        if hash(request) not in tried and len(tried) < inputs:
            check(request)
            tried.add(hash(request))

    try_one()
