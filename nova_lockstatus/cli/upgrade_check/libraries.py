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

"""The check of the libraries that come with Nova."""

from collections.abc import Iterator
from importlib import metadata

from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result
from packaging import requirements

from nova_lockstatus.cli.upgrade_check.installation import Installation

DISTRIBUTION = 'nova-lockstatus'

EXTRA = 'server'
"""The extra of the package that names what the server side imports."""


def check(_installation: Installation) -> Result:
    """Compare the installed libraries with the oldest that will do.

    The package requires none of them, so that pip changes nothing in Nova's
    environment, and pip therefore does not compare them.
    """
    wanted = list(_wanted())
    problems = [problem for problem in map(_problem, wanted) if problem]
    if problems:
        return Result(
            Code.FAILURE,
            'nova-lockstatus does not work with these libraries: %s. Install '
            'what it needs with "pip install nova-lockstatus[%s]".'
            % (', '.join(problems), EXTRA))
    return Result(Code.SUCCESS, '%d libraries are new enough.' % len(wanted))


def _wanted() -> Iterator[requirements.Requirement]:
    for line in metadata.requires(DISTRIBUTION) or ():
        requirement = requirements.Requirement(line)
        if requirement.marker is not None and requirement.marker.evaluate(
                {'extra': EXTRA}):
            yield requirement


def _problem(wanted: requirements.Requirement) -> str | None:
    try:
        installed = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return '%s is not installed' % wanted.name
    # NOTE: clouds run libraries of a branch, whose versions are those of
    # developers.
    if wanted.specifier.contains(installed, prereleases=True):
        return None
    return '%s is %s and has to be %s' % (wanted.name, installed,
                                          wanted.specifier)
