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

"""Compares GETs of Nova's tests of API samples with stock Nova's, bytewise.

``python -m nova_lockstatus.tests.nova_tests.answers`` runs these tests once,
with the plugin, and with a filter behind the plugin's. Each GET of a test is
asked twice more at every microversion: of stock Nova and with the plugin, for
a caller whom the rule on extra keys refuses.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from typing import Any, ClassVar

from nova.api.openstack import api_version_request

from nova_lockstatus.api import pipeline
from nova_lockstatus.cli.api_paste import edit as paste_edit
from nova_lockstatus.embedded import paste
from nova_lockstatus.tests.nova_tests import selection

FOLDER = 'NOVA_LOCKSTATUS_ANSWERS'
"""The variable of the environment that names the folder of the results."""

HEADER = 'HTTP_OPENSTACK_API_VERSION'

LEGACY_HEADER = 'HTTP_X_OPENSTACK_NOVA_API_VERSION'

# Of each request its own.
IGNORED_HEADERS = ('x-compute-request-id', 'x-openstack-request-id')

VOLATILE = re.compile(
    # Up to the time of the request.
    r'"(uptime|ended_at|stop|total_hours|total_local_gb_usage|'
    r'total_memory_mb_usage|total_vcpus_usage|hours|seconds_up)": '
    r'("[^"]*"|[0-9.e+-]+)')

ID = re.compile(r'[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}')


class AnswerComparison:
    """Asks each GET of stock Nova and with the plugin, and compares.

    :param application: Nova's router, or the filter before it
    :param folder: where the results are written, in a file for each process
    """

    def __init__(self, application: Any, folder: str) -> None:
        self._application = application
        self._file = pathlib.Path(folder, '%s.json' % uuid.uuid4())

    # Of all pipelines: Nova makes them anew for each test.
    _compared: ClassVar[set[tuple[str, str | None]]] = set()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Compare, and answer what the test has asked."""
        if (environ['REQUEST_METHOD'] == 'GET'
                and pipeline.ENVIRON in environ):
            for version in self._versions(environ):
                self._compare(environ, version)
        return self._application(environ, start_response)

    def _versions(self, environ: dict[str, Any]) -> Iterator[str | None]:
        newest = api_version_request.max_api_version().ver_minor
        versions = (['2.%d' % minor for minor in range(1, newest + 1)]
                    if environ['SCRIPT_NAME'].startswith('/v2.1') else [None])
        asked = environ.get(LEGACY_HEADER)
        for version in versions:
            # What differs from test to test is compared where it is asked.
            key = ID.sub('{}', _path(environ)), version
            if key not in self._compared or version == asked:
                self._compared.add(key)
                yield version

    def _compare(self, environ: dict[str, Any], version: str | None) -> None:
        stock, plugin = (self._ask(environ, version, with_plugin)
                         for with_plugin in (False, True))
        with self._file.open('a') as file:
            print(json.dumps({
                'path': _path(environ), 'version': version,
                'status': stock[0],
                'differs': [stock, plugin] if stock != plugin else None,
            }), file=file)

    def _ask(self, environ: dict[str, Any], version: str | None,
             with_plugin: bool) -> list[Any]:
        asked = {key: value for key, value in environ.items()
                 if key not in (HEADER, LEGACY_HEADER)}
        if version is not None:
            asked.update({HEADER: 'compute ' + version,
                          LEGACY_HEADER: version})
        if not with_plugin:
            del asked[pipeline.ENVIRON]
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]],
                           exc_info: Any = None) -> None:
            head[:] = [status, sorted(
                [name, value] for name, value in headers
                if name.lower() not in IGNORED_HEADERS)]

        body = self._application(asked, start_response)
        try:
            text = b''.join(body).decode()
        finally:
            getattr(body, 'close', lambda: None)()
        return [*head, VOLATILE.sub('', text)]


def _path(environ: dict[str, Any]) -> str:
    return '%s%s?%s' % (environ['SCRIPT_NAME'], environ['PATH_INFO'],
                        environ.get('QUERY_STRING', ''))


def filter_factory(global_conf: Any, **local_conf: str) -> Any:
    """Make the filter, as paste.deploy asks for it."""
    folder = os.environ[FOLDER]
    return lambda application: AnswerComparison(application, folder)


def write_paste_file(path: pathlib.Path) -> None:
    """Write Nova's paste file with the plugin's filter and this one."""
    text = paste_edit.enable(pathlib.Path(paste.find()).read_text())
    text, found = re.subn(
        r'^((?:noauth2|keystone)\w* *=.*\blockstatus)\b', r'\1 answers', text,
        flags=re.MULTILINE)
    if not found:
        raise ValueError('No pipeline has the filter:\n' + text)
    path.write_text(text + '\n[filter:answers]\npaste.filter_factory = %s:'
                    'filter_factory\n' % __spec__.name)


def main(arguments: list[str]) -> int:
    """Run Nova's tests of API samples and compare.

    :param arguments: regular expressions of the tests to run
    :returns: the exit status, 1 where an answer differs
    """
    here = pathlib.Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        paste_file = pathlib.Path(folder, 'api-paste.ini')
        write_paste_file(paste_file)
        subprocess.run(
            ['stestr', '--repo-url', folder, '--test-path', str(here),
             '--top-dir', str(here.parents[2]), '--group-regex', '(.*)',
             'run', '--abbreviate', '--concurrency', '2', *arguments],
            cwd=here.parents[2],
            env={**os.environ, FOLDER: folder,
                 selection.PASTE_FILE: str(paste_file)})
        results = [json.loads(line)
                   for path in pathlib.Path(folder).glob('*-*.json')
                   for line in path.read_text().splitlines()]
    differing = [result for result in results if result['differs']]
    for result in differing:
        print('%s at %s\n  stock Nova: %s\n  plugin:     %s' % (
            result['path'], result['version'], *result['differs']))
    good = [result for result in results if result['status'][:3] == '200']
    print('%d answers compared, %d of them 200, of %d paths; %d differ' % (
        len(results), len(good),
        len({ID.sub('{}', result['path']) for result in good}),
        len(differing)))
    return 1 if differing or not good else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
