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


"""The demo's settings of Horizon, as an operator would write them."""

import os as _os

from openstack_dashboard.local import enabled as _enabled

from nova_lockstatus.dashboard import enabled as _plugin

# NOTE: instead of a copy of the plugin's files in the folder "enabled" of
# Horizon's package.
_enabled.__path__ = [*_enabled.__path__, *_plugin.__path__]

_FOLDER = _os.environ['NOVA_LOCKSTATUS_HORIZON_FOLDER']

DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1']
OPENSTACK_KEYSTONE_URL = _os.environ['NOVA_LOCKSTATUS_KEYSTONE_URL']
OPENSTACK_KEYSTONE_MULTIDOMAIN_SUPPORT = False
# NOTE: for one machine and one run; sessions end with it.
SECRET_KEY = _os.urandom(32).hex()
CACHES = {'default': {
    'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}
STATIC_ROOT = _os.path.join(_FOLDER, 'static')
# NOTE: otherwise each page compiles the style sheets anew, for seconds.
COMPRESS_ENABLED = True
COMPRESS_OFFLINE = True
# The demo has neither Neutron nor Cinder.
OPENSTACK_INSTANCE_RETRIEVE_IP_ADDRESSES = False
CONSOLE_TYPE = None
API_RESULT_PAGE_SIZE = int(_os.environ.get('NOVA_LOCKSTATUS_PAGE_SIZE', '20'))
# NOTE: the dark one imports from the default one. Style sheets are compiled
# beforehand, by Horizon for the default theme alone.
AVAILABLE_THEMES = [
    ('default', 'Default', 'themes/default'),
    ('darkly', 'Dark', _os.path.join(
        _os.path.dirname(_os.path.dirname(__file__)), 'darkly')),
]
DEFAULT_THEME = _os.environ.get('NOVA_LOCKSTATUS_THEME', 'default')
SELECTABLE_THEMES = [
    theme for theme in AVAILABLE_THEMES if theme[0] == DEFAULT_THEME]
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {'file': {
        'class': 'logging.FileHandler',
        'filename': _os.path.join(_FOLDER, 'horizon.log')}},
    'root': {'handlers': ['file'], 'level': 'WARNING'},
}
