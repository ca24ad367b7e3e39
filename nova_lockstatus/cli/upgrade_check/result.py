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

"""What a check says: all is well, look into it, or do something first."""

from oslo_upgradecheck import upgradecheck


def success(text: str | None = None) -> upgradecheck.Result:
    """Say that all is well."""
    return upgradecheck.Result(upgradecheck.Code.SUCCESS, text)


def warning(text: str) -> upgradecheck.Result:
    """Say that something should be looked into."""
    return upgradecheck.Result(upgradecheck.Code.WARNING, text)


def failure(text: str) -> upgradecheck.Result:
    """Say that something has to be done before nova-api is restarted."""
    return upgradecheck.Result(upgradecheck.Code.FAILURE, text)
