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

"""Nova's own functional tests, with the filter in the pipeline.

They are loaded from the Nova that is installed, and nothing in them is
changed. ``python -m nova_lockstatus.tests.nova_tests`` runs them twice, on
stock Nova and with the plugin, and compares. The two runs differ in one thing,
the paste file that an environment variable names.
"""
