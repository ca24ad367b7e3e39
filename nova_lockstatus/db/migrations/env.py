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

"""Runs the migrations over the connection that alembic is given."""

from alembic import context

from nova_lockstatus.db import migration
from nova_lockstatus.db import models

context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=models.METADATA,
    version_table=migration.VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
