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

"""A real Nova in one process."""

import collections
import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import fixtures

from nova_lockstatus.embedded import auth
from nova_lockstatus.embedded import client
from nova_lockstatus.embedded import driver
from nova_lockstatus.embedded import logs
from nova_lockstatus.embedded import nova_fixture
from nova_lockstatus.embedded import paste
from nova_lockstatus.embedded import state

#: Read by Nova's and oslotest's TestCase, and meant for one test each: a
#: time limit or a captured stdout would outlive the test that started us.
_TEST_ENVIRONMENT = (
    'OS_TEST_TIMEOUT', 'OS_STDOUT_CAPTURE', 'OS_STDERR_CAPTURE', 'OS_DEBUG')


class EmbeddedNova(client.Client, fixtures.Fixture):
    """Run Nova's API, conductor, scheduler and computes, and placement.

    Only one at a time in a process: Nova's configuration is global.

    :param filter: whether the plugin's filter is in the pipelines
    :param pipelines: the pipelines that have it
    :param paste_options: local options of the filter's section
    :param policy: the rules of the operator's policy.yaml
    :param config: options of nova.conf, by group and name
    :param hosts: the compute hosts; divided among the cells in turn
    :param cells: the number of cells
    :param state_dir: where to keep the databases across runs
    :param progress: called with one line for each step of the start
    :raises nova_lockstatus.embedded.state.StateError: when the state
        directory cannot be used
    """

    def __init__(
        self, *,
        filter: bool = True,
        pipelines: tuple[str, ...] = ('v2', 'v2.1'),
        paste_options: Mapping[str, str] | None = None,
        policy: Mapping[str, str] | None = None,
        config: Mapping[tuple[str | None, str], Any] | None = None,
        hosts: tuple[str, ...] = ('compute1',),
        cells: int = 1,
        state_dir: str | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self._log: collections.deque[str] = collections.deque(maxlen=1000)
        self._pipelines = pipelines if filter else ()
        self._paste_options = dict(paste_options or {})
        self._setup = nova_fixture.Setup(
            config=dict(config or {}), policy=dict(policy or {}),
            hosts=hosts, cells=cells,
            state=(state.StateDir(state_dir, hosts, cells)
                   if state_dir else None),
            progress=progress or (lambda line: None))

    def setUp(self) -> None:
        """Start, and raise what went wrong as it is, not wrapped."""
        try:
            super().setUp()
        except fixtures.MultipleExceptions as exc:
            raise exc.args[0][1] from None

    def _setUp(self) -> None:
        for name in _TEST_ENVIRONMENT:
            self.useFixture(fixtures.EnvironmentVariable(name))
        paste_file = os.path.join(
            self.useFixture(fixtures.TempDir()).path, 'api-paste.ini')
        paste.write(paste_file, self._pipelines, self._paste_options)
        for key, value in (
            ((None, 'compute_driver'), 'fake.EmbeddedDriver'),
            (('wsgi', 'api_paste_config'), paste_file),
            # NOTE: Nova's default. placement's fixture changes it, for all
            # in the process.
            (('oslo_policy', 'enforce_new_defaults'), True),
        ):
            self._setup.config.setdefault(key, value)
        self.useFixture(nova_fixture.Configuration(self._setup.config))
        # NOTE: Nova only loads drivers out of its own package nova.virt.
        self.useFixture(fixtures.MonkeyPatch(
            'nova.virt.fake.EmbeddedDriver', driver.EmbeddedDriver))
        # NOTE: twice, as the inner one ends before the last services do.
        self.useFixture(logs.BoundedLogging(self._log))
        self.useFixture(fixtures.MonkeyPatch(
            'nova.tests.fixtures.StandardLogging',
            lambda: logs.BoundedLogging(self._log)))
        contexts = nova_fixture.KeystoneContexts()
        self._quiet_warnings()
        self.services = nova_fixture.NovaServices(self._setup)
        self.addCleanup(self.services.stop)
        self.services.setUp()
        self.addCleanup(self.save)
        self.useFixture(contexts)
        warnings.resetwarnings()
        warnings.simplefilter('ignore')
        self.app = auth.EdgeMiddleware(self.services.api_fixture.app())

    def _quiet_warnings(self) -> None:
        # NOTE: Nova's WarningsFixture turns some warnings into errors, for
        # one test; a run that lasts must not fail or flood because of them.
        caught = warnings.catch_warnings()
        caught.__enter__()
        self.addCleanup(caught.__exit__, None, None, None)

    @property
    def log(self) -> str:
        """The newest lines of Nova's log."""
        return '\n'.join(self._log)

    @property
    def images(self) -> Any:
        """The images that Nova's GlanceFixture has, by id."""
        return self.services.glance.images

    def save(self) -> None:
        """Write the databases into the state directory, if there is one."""
        if self._setup.state:
            self._setup.state.save(self.services.cell_mappings)

    def start_compute(self, host: str, cell: str = 'cell1') -> Any:
        """Start a further compute service.

        :returns: Nova's service object; ``stop()`` stops it
        """
        return self.services._start_compute(host, cell_name=cell)
