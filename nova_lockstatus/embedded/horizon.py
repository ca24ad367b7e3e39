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


"""Runs Horizon with the pages of the plugin, as a process of its own."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

from nova_lockstatus.embedded import horizon_settings

HOST = '127.0.0.1'

# Seconds that it may take until it answers, and until it has ended.
_START_TIMEOUT = 180
_STOP_TIMEOUT = 10


class HorizonError(RuntimeError):
    """Horizon did not start; the message says why."""


@contextlib.contextmanager
def running(
    keystone_url: str, port: int, folder: str,
    progress: Callable[[str], None], **settings: str,
) -> Iterator[str]:
    """Run Horizon until the context ends.

    :param keystone_url: the Identity API, such as
        ``http://127.0.0.1:8774/identity/v3``
    :param port: of this machine
    :param folder: an empty one, for its static files and its log
    :param progress: called with one line for each step
    :param settings: environment variables that ``local_settings.py`` reads
    :returns: its URL
    :raises HorizonError: when Horizon is not installed or does not start
    """
    env = {**os.environ, **settings,
           'DJANGO_SETTINGS_MODULE': 'openstack_dashboard.settings',
           'NOVA_LOCKSTATUS_HORIZON_FOLDER': folder,
           'NOVA_LOCKSTATUS_KEYSTONE_URL': keystone_url,
           'PYTHONPATH': os.pathsep.join(filter(None, [
               *horizon_settings.__path__, os.environ.get('PYTHONPATH')])),
           'PYTHONWARNINGS': 'ignore'}
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'output.log'), 'ab') as log:
        progress('Collecting the static files of Horizon')
        _manage(env, log, 'collectstatic', '--noinput', '--link')
        progress('Compiling its style sheets')
        _manage(env, log, 'compress', '--force')
        progress('Starting Horizon')
        process = subprocess.Popen(
            _command('runserver', '--noreload', '--insecure',
                     f'{HOST}:{port}'), env=env, stdout=log, stderr=log)
        try:
            url = f'http://{HOST}:{port}/'
            _wait(process, url, log.name)
            yield url
        finally:
            _stop(process)


def _command(*args: str) -> list[str]:
    return [sys.executable, '-m', 'django', *args]


def _manage(env: dict[str, str], log: object, *args: str) -> None:
    run = subprocess.run(
        _command(*args), env=env, stdout=log,  # type: ignore[call-overload]
        stderr=subprocess.PIPE, text=True, errors='replace')
    if run.returncode:
        raise HorizonError(
            f'Horizon cannot {args[0]}: {run.stderr.strip()[-500:]}')


def _wait(process: subprocess.Popen[bytes], url: str, log: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while True:
        try:
            with urllib.request.urlopen(f'{url}auth/login/'):
                return
        except urllib.error.HTTPError as exc:
            raise HorizonError(f'Horizon answers {exc.code}, see {log}'
                               ) from exc
        except OSError:
            if process.poll() is not None:
                raise HorizonError(f'Horizon has ended, see {log}') from None
            if time.monotonic() > deadline:
                raise HorizonError(
                    f'Horizon does not answer, see {log}') from None
            time.sleep(0.2)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
