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


"""The reads of Neutron's API without which Horizon shows no server."""

import webob
import webob.dec

_QUOTAS = ('floatingip', 'network', 'port', 'rbac_policy', 'router',
           'security_group', 'security_group_rule', 'subnet', 'subnetpool')


class Neutron:
    """Serve a network service that has no networks."""

    @webob.dec.wsgify  # type: ignore[untyped-decorator]
    def __call__(self, request: webob.Request) -> webob.Response:
        path = [part for part in request.path_info.split('/') if part]
        if request.method != 'GET' or path[:1] != ['v2.0'] or len(path) < 2:
            return webob.Response(status=404, json={'NeutronError': {
                'type': 'HTTPNotFound', 'detail': '',
                'message': 'The demo has no networks.'}})
        if path[1] == 'quotas':
            return webob.Response(
                json={'quota': dict.fromkeys(_QUOTAS, -1)})
        return webob.Response(json={path[1].replace('-', '_'): []})
