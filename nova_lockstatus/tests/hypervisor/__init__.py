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

"""Tests of the guard over a real hypervisor, libvirt with QEMU.

The cloud is that of the integration tests. Its first host runs guests with
QEMU, without the help of hardware: each is a Linux with one program, which
counts on its serial console. So a test sees whether a guest runs, and whether
it went on or began anew.

They need root, libvirt and QEMU, and MariaDB and RabbitMQ, and are skipped
with the reason where something is missing::

    tox -e hypervisor
"""
