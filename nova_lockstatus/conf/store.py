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

"""Options of the plugin's own database, in the group [lockstatus]."""

from oslo_config import cfg

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        'connection',
        secret=True,
        help="""
The database in which the plugin keeps what is its own, as a URL of SQLAlchemy.

``nova-lockstatus db sync`` makes its tables. Nothing of the plugin's is kept
in Nova's databases. Without a store, nobody can be told whether
``nova-lockstatus-watch`` runs.

Possible values:

* for one machine, a file of SQLite, such as
  ``sqlite:////var/lib/nova/lockstatus.sqlite``
* for several, a database on a server of MariaDB, MySQL or PostgreSQL, such as
  ``mysql+pymysql://user:password@host/nova_lockstatus?charset=utf8mb4`` or
  ``postgresql+psycopg2://user:password@host/nova_lockstatus``

In the user and the password write ``%40`` for ``@``, ``%2F`` for ``/``,
``%25`` for ``%``, and ``$$`` for ``$``.

If the URL cannot be used, nova-api logs why at its start and works without the
database, and ``nova-lockstatus-watch`` does not start.
"""),
]
