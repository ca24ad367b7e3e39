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

"""Nova's functional test case as a fixture, without a test."""

import contextlib
import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

# NOTE: first of all, see there.
from nova_lockstatus.embedded import patching  # noqa: F401  isort:skip

import fixtures
import nova.conf
from nova.api import auth as nova_auth
from nova.tests import fixtures as nova_fixtures
from nova.tests.functional import integrated_helpers
from oslo_config import cfg

import nova_lockstatus.conf
from nova_lockstatus.embedded import auth
from nova_lockstatus.embedded import state as nova_state

CONF = nova.conf.CONF

#: An image that Nova's GlanceFixture always has.
IMAGE = '155d900f-4e14-4e4c-a73d-069cbf4541e6'

#: Overrides of nova.conf: values by group and name.
Config = dict[tuple[str | None, str], Any]


@dataclasses.dataclass(frozen=True)
class Setup:
    """The services to start, and their configuration."""

    config: Config
    policy: dict[str, str]
    hosts: tuple[str, ...]
    cells: int
    state: nova_state.StateDir | None
    progress: Callable[[str], None]


class NovaServices(integrated_helpers._IntegratedTestBase):
    """The services of Nova's functional tests, without a test."""

    CAST_AS_CALL = False
    REQUIRES_LOCKING = False

    def __init__(self, setup: Setup) -> None:
        super().__init__('runTest')
        self._setup = setup
        self.NUMBER_OF_CELLS = setup.cells

    def runTest(self) -> None:
        """Be the test that testtools wants to know."""

    def stop(self) -> None:
        """Stop the services and undo what setUp did.

        :raises Exception: the last one of those that cleanups raise, after
            all of them have run
        """
        # NOTE: doCleanups() would do, but swallows exceptions. testtools
        # keeps the same list as unittest does, in every release.
        with contextlib.ExitStack() as stack:
            for function, args, kwargs in self._cleanups:
                stack.callback(function, *args, **kwargs)
            self._cleanups.clear()

    def _setup_cells(self) -> None:
        self._setup.progress('Creating the databases')
        # NOTE: by default the cells' ids differ from process to process;
        # then a database from an earlier one would not fit.
        with fixtures.MonkeyPatch('nova.test.uuids', _CellIds()):
            super()._setup_cells()

    def _setup_services(self) -> None:
        _override(self, self._setup.config, strict=True)
        self.policy = self.useFixture(
            nova_fixtures.OverridePolicyFixture(self._setup.policy))
        if self._setup.state and self._setup.state.exists():
            self._setup.progress('Restoring the databases')
            self.host_mappings = self._setup.state.restore(self.cell_mappings)
        super()._setup_services()

    def _setup_conductor_service(self) -> Any:
        self._setup.progress('Starting the conductor')
        return _beat(super()._setup_conductor_service())

    def _setup_scheduler_service(self) -> Any:
        self._setup.progress('Starting the scheduler')
        return _beat(super()._setup_scheduler_service())

    def _setup_compute_service(self) -> Any:
        for number, host in enumerate(self._setup.hosts):
            self._setup.progress(f'Starting nova-compute on {host}')
            _beat(self._start_compute(
                host, cell_name=f'cell{number % self._setup.cells + 1}'))
        self._setup.progress('Starting the API')
        return next(iter(self.computes.values()), None)


def _beat(service: Any) -> Any:
    # NOTE: a service's first heartbeat comes seconds after its start. Till
    # then one that an earlier run knew would count as down.
    service.service_ref.report_count += 1
    service.service_ref.save()
    return service


class Configuration(fixtures.Fixture):
    """Have Nova's TestCase start with these options."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self._config = config

    def _setUp(self) -> None:
        nova_lockstatus.conf.register_opts(CONF)
        self.useFixture(fixtures.MonkeyPatch(
            'nova.tests.fixtures.ConfFixture',
            lambda conf: _ConfFixture(conf, self._config)))


class KeystoneContexts(fixtures.Fixture):
    """Have Nova make its request contexts from what AuthToken says.

    Nova's OSAPIFixture makes whoever is called 'admin' the administrator;
    Nova's own code asks the policy who is one. Make this before that fixture
    starts, and start it afterwards.
    """

    def __init__(self) -> None:
        super().__init__()
        self._from_keystone = nova_auth.NovaKeystoneContext._create_context

    def _setUp(self) -> None:
        from_test_client = nova_auth.NovaKeystoneContext._create_context

        def create_context(environ: dict[str, Any], **kwargs: Any) -> Any:
            if auth.IDENTITY in environ:
                return self._from_keystone(environ, **kwargs)
            return from_test_client(environ, **kwargs)

        self.useFixture(fixtures.MonkeyPatch(
            'nova.api.auth.NovaKeystoneContext._create_context',
            staticmethod(create_context)))


class _ConfFixture(nova_fixtures.ConfFixture):
    def __init__(self, conf: Any, config: Config) -> None:
        super().__init__(conf)
        self._overrides = config

    def setUp(self) -> None:
        super().setUp()
        # NOTE: some options are read once, soon after this (those of the
        # notifications); some are only registered later.
        _override(self, self._overrides, strict=False)


def _override(cleaner: Any, config: Config, strict: bool) -> None:
    for (group, option), value in config.items():
        try:
            CONF.set_override(option, value, group)
        except (cfg.NoSuchOptError, cfg.NoSuchGroupError):
            if strict:
                raise
        else:
            cleaner.addCleanup(CONF.clear_override, option, group)


class _CellIds:
    def __getattr__(self, name: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
