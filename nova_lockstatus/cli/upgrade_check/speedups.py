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

"""The check of what makes Nova's answers faster."""

from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result

from nova_lockstatus.cli.upgrade_check.installation import Installation
from nova_lockstatus.core import response_validation as compiled


def check(installation: Installation) -> Result:
    """Say how the responses of this Nova are validated."""
    conf = installation.conf
    if not conf.lockstatus.speedups:
        return Result(Code.SUCCESS, 'Off: [lockstatus]speedups is False.')
    try:
        from nova_lockstatus.api.hooks import response_validation
    except (ImportError, AttributeError):
        return Result(Code.SUCCESS, 'See the check of the hooks.')
    problem = response_validation.misfit()
    if problem is not None:
        return Result(
            Code.SUCCESS,
            'Nova validates responses by itself: %s.' % problem)
    if compiled.compiler() is None:
        return Result(
            Code.SUCCESS,
            'Responses are serialised once to be validated. The package '
            'jsonschema-rs is not installed: with it, their validation takes '
            'a hundredth of the time.')
    return Result(
        Code.SUCCESS,
        'Responses are serialised once to be validated, by compiled schemas.')
