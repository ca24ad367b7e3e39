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

"""Tests against a database server, as clouds have one.

They need MariaDB or MySQL, some of them PostgreSQL, and nothing else that is
running::

    tox -e integration

The environment variable ``NOVA_LOCKSTATUS_TEST_DATABASE`` says where the
server is, by default ``mysql+pymysql://root@127.0.0.1``, and
``NOVA_LOCKSTATUS_TEST_POSTGRESQL`` where PostgreSQL is, by default
``postgresql+psycopg2://postgres@127.0.0.1/postgres``. The users must be
allowed to create and drop databases; those that a test creates begin with
``nova_lockstatus_`` and are dropped at its end. Where the server cannot be
reached the tests are skipped, and say why.
"""
