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

"""Forwards TCP connections, so that what is behind it can go away.

Ended, it closes all connections and refuses new ones, as a server does that
has gone.
"""

import asyncio
import functools
import sys


async def _pass_on(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def _serve_one(host, port, reader, writer):
    try:
        to_reader, to_writer = await asyncio.open_connection(host, port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_pass_on(reader, to_writer),
                         _pass_on(to_reader, writer))


async def _main(port, to_host, to_port):
    server = await asyncio.start_server(
        functools.partial(_serve_one, to_host, int(to_port)),
        '127.0.0.1', int(port))
    async with server:
        print('Forwarding', flush=True)
        await server.serve_forever()


if __name__ == '__main__':
    asyncio.run(_main(*sys.argv[1:]))
