"""Learners' servers on which nothing happens, all at one address: ``python -m ltt_collab.bench.quiet_servers``.

It answers as a Jupyter server does that has no notebook open, keeps event streams open in silence, and says at
``/open`` how many there are. Another process than the one that is measured.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import sys
from contextlib import suppress

from ltt_collab.bench.measures import raise_file_limit

WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, 1.3: what a server joins to the client's key."""

ANSWERS = {"sessions": b"[]", "rooms": b'{"rooms": []}', "kernels": b"[]"}


class QuietServers:
    """Counts who listens."""

    def __init__(self) -> None:
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it ends."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                key = re.search(r"(?i)sec-websocket-key: *(\S+)", head)
                if key:
                    await self._listen(key[1], reader, writer)
                    return
                writer.write(self._answer(head.split(" ", 2)[1]))
                await writer.drain()
        writer.close()

    async def _listen(self, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accept = base64.b64encode(hashlib.sha1(f"{key}{WEBSOCKET}".encode(), usedforsecurity=False).digest()).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        self.open += 1
        try:
            while await reader.read(4096):
                pass
        finally:
            self.open -= 1
            writer.close()

    def _answer(self, target: str) -> bytes:
        last = target.partition("?")[0].rpartition("/")[2]
        body = json.dumps({"open": self.open}).encode() if last == "open" else ANSWERS.get(last, b"{}")
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def main() -> None:
    """Serve until killed; the port is said on the first line."""
    raise_file_limit()
    server = await asyncio.start_server(QuietServers().serve, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
