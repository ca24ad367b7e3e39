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


"""Tests of the pages in Horizon.

Some drive a real browser over a real Nova, the others Horizon's own test
client over an API that answers what the test says.
"""

import os
from importlib import util

if util.find_spec('horizon'):
    import django

    # NOTE: before any module of Horizon's is imported.
    os.environ.setdefault('DJANGO_SETTINGS_MODULE',
                          'nova_lockstatus.tests.fixtures.horizon_settings')
    django.setup()
