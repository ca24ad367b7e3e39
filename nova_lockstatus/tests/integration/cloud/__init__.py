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

"""A small real cloud on one machine, of packages from PyPI.

Keystone, Placement and Nova with two cells run over a MariaDB and a RabbitMQ
that are there already. Nova's API runs under gunicorn with two workers. The
hypervisors are folders, Neutron and Glance are stubs that say so.

The tests share one cloud, see :mod:`.case`. By hand::

    python -m nova_lockstatus.tests.integration.cloud

Nothing in here imports Nova, except what runs as a process of its own.
"""
