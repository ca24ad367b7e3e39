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

"""Installs small packages for a test, as a stranger's would be installed."""

import pathlib
import sys
import textwrap

import fixtures
from stevedore import _cache
from stevedore import extension

NAMESPACE = 'nova_lockstatus.extensions'


class InstalledPackage(fixtures.Fixture):
    """A package with one module and entry points for extensions.

    :param name: the name of the package, and of its module
    :param source: the text of the module
    :param entry_points: names of classes in the module, by alias
    """

    def __init__(self, name: str, source: str,
                 entry_points: dict[str, str]) -> None:
        super().__init__()
        self.name = name
        self.source = textwrap.dedent(source)
        self.entry_points = entry_points

    def _setUp(self) -> None:
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (place / (self.name + '.py')).write_text(self.source)
        info = place / (self.name + '-1.0.dist-info')
        info.mkdir()
        (info / 'METADATA').write_text(
            'Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n' % self.name)
        (info / 'entry_points.txt').write_text('[%s]\n%s' % (
            NAMESPACE, ''.join(
                '%s = %s:%s\n' % (alias, self.name, value)
                for alias, value in self.entry_points.items())))
        self.useFixture(InstalledPath(place, self.name))


class InstalledPath(fixtures.Fixture):
    """A folder of installed packages.

    :param place: the folder
    :param module: the module in it that the test must not leave behind
    """

    def __init__(self, place: pathlib.Path, module: str) -> None:
        super().__init__()
        self.place = place
        self.module = module

    def _setUp(self) -> None:
        sys.path.insert(0, str(self.place))
        self.addCleanup(self._forget)
        # NOTE: stevedore remembers the entry points of a process; there is
        # no public way to tell it that a package was installed meanwhile.
        self.useFixture(fixtures.MonkeyPatch(
            'stevedore._cache._c', _cache.Cache()))
        self.useFixture(fixtures.MockPatchObject(
            extension.ExtensionManager, 'ENTRY_POINT_CACHE', {}))

    def _forget(self) -> None:
        sys.path.remove(str(self.place))
        sys.modules.pop(self.module, None)
