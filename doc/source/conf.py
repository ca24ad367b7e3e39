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

"""Configuration of Sphinx."""

extensions = [
    'cliff.sphinxext',
    'openstackdocstheme',
    'oslo_config.sphinxconfiggen',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxext',
    'oslo_policy.sphinxpolicygen',
]

project = 'nova-lockstatus'
copyright = 'the nova-lockstatus contributors'
exclude_patterns = ['contributor/example_extension']
# A role that refers to nothing, such as :option:, is a warning, too.
nitpicky = True
pygments_style = 'native'

html_theme = 'openstackdocs'
html_theme_options = {
    'display_badge': False,
    'sidebar_mode': 'toc',
}
openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_pdf_link = False

man_pages = [
    ('cli/nova-lockstatus', 'nova-lockstatus',
     'set up nova-lockstatus, and report on it', 'nova-lockstatus', 1),
    ('cli/nova-lockstatus-status', 'nova-lockstatus-status',
     'check nova-lockstatus before nova-api is restarted', 'nova-lockstatus',
     1),
    ('cli/nova-lockstatus-watch', 'nova-lockstatus-watch',
     "do the plugin's work outside of the API", 'nova-lockstatus', 1),
    ('cli/osc', 'openstack-lockstatus',
     'commands of the OpenStackClient about locks and the status of hosts',
     'nova-lockstatus', 1),
]

# Both are written while the documentation is built, from the code.
config_generator_config_file = [
    ('../../etc/nova_lockstatus/config-generator.conf',
     '_static/nova_lockstatus'),
]
policy_generator_config_file = (
    '../../etc/nova_lockstatus/policy-generator.conf')
sample_policy_basename = '_static/nova_lockstatus'
