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

"""nova-compute, with a hypervisor that is a folder.

A guest is a file with its power state, so guests outlive nova-compute, as
those of a real hypervisor do, and whoever writes the file starts or stops a
guest behind Nova's back.
"""

import collections.abc
import os
import pathlib
import sys

from nova.cmd import compute
from nova.compute import power_state
from nova.conf import CONF
from nova.virt import fake


class Guest:
    """A guest of the hypervisor.

    :param path: of its file
    """

    def __init__(self, path):
        self._path = path
        self.uuid = path.name
        self.name = 'guest-' + path.name

    @property
    def state(self):
        """Its power state, one of nova.compute.power_state."""
        return int(self._path.read_text())

    @state.setter
    def state(self, state):
        # In one step, for those who read it meanwhile.
        written = self._path.with_suffix('.new')
        written.write_text(str(state))
        written.replace(self._path)


class Guests(collections.abc.MutableMapping):
    """The guests of a hypervisor by their uuids, as Nova's driver has them.

    :param folder: where their files are
    """

    def __init__(self, folder):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __getitem__(self, uuid):
        path = self._folder / uuid
        if not path.exists():
            raise KeyError(uuid)
        return Guest(path)

    def __setitem__(self, uuid, guest):
        Guest(self._folder / uuid).state = guest.state

    def __delitem__(self, uuid):
        (self._folder / uuid).unlink()

    def __iter__(self):
        return iter([path.name for path in self._folder.iterdir()
                     if not path.suffix])

    def __len__(self):
        return len(list(iter(self)))


class FolderDriver(fake.FakeDriverWithoutFakeNodes):
    """Nova's fake driver, with guests that it does not forget.

    And with power states, for Nova's own a suspended guest runs, and with an
    uptime of the host.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.instances = Guests(pathlib.Path(CONF.state_path, 'guests'))

    def get_host_uptime(self):
        return ' 12:00:00 up 1 day,  0 users,  load average: 0.1, 0.1, 0.1'

    def suspend(self, context, instance):
        self.instances[instance.uuid].state = power_state.SUSPENDED

    def resume(self, context, instance, *args, **kwargs):
        self.instances[instance.uuid].state = power_state.RUNNING

    def pause(self, instance):
        self.instances[instance.uuid].state = power_state.PAUSED

    def unpause(self, instance):
        self.instances[instance.uuid].state = power_state.RUNNING

    def resume_state_on_host_boot(self, context, instance, *args, **kwargs):
        self.instances[instance.uuid].state = power_state.RUNNING


if __name__ == '__main__':
    # NOTE: [DEFAULT]compute_driver names a class below nova.virt only.
    fake.FolderDriver = FolderDriver
    sys.argv[0] = os.path.join(os.path.dirname(sys.executable),
                               'nova-compute')
    sys.exit(compute.main())
