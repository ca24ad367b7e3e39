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


"""Switch on Project > Compute > Locks, and the tab of a server."""

PANEL = 'locks'
PANEL_DASHBOARD = 'project'
PANEL_GROUP = 'compute'
ADD_PANEL = 'nova_lockstatus.dashboard.project.locks.panel.Locks'
ADD_INSTALLED_APPS = ['nova_lockstatus.dashboard']
ADD_JS_FILES = ['dashboard/lockstatus/reason.js']

_TAB = (10, 'nova_lockstatus.dashboard.server_tab.LockTab')
_GROUP = 'openstack_dashboard.dashboards.%s.instances.tabs.%s'
EXTRA_TABS = {
    _GROUP % ('project', 'InstanceDetailTabs'): (_TAB,),
    _GROUP % ('admin', 'AdminInstanceDetailTabs'): (_TAB,),
}
