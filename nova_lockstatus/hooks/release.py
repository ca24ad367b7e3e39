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

"""Which Nova is installed, and whether the plugin supports it."""

from oslo_log import log as logging

from nova_lockstatus import exception
from nova_lockstatus.core import releases
from nova_lockstatus.hooks import base

LOG = logging.getLogger(__name__)


def check() -> None:
    """Refuse a Nova that is too old.

    Of a newer one than the plugin knows the hooks decide, one by one.

    :raises UnsupportedNova: when the release is older than the oldest
    """
    found: str = base.resolve('nova.version:version_string')()
    major = int(found.partition('.')[0])
    if major < releases.OLDEST:
        raise exception.UnsupportedNova(oldest=releases.OLDEST, found=found)
    if major > releases.NEWEST:
        LOG.warning('This is Nova %s, and the newest release that this '
                    'nova-lockstatus was tested with is %d.', found,
                    releases.NEWEST)
