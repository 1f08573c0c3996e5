"""A TCP proxy that cuts or holds a connection at a chosen request, for tests of lost and late answers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

Trick = Literal["cut before", "cut after", "hold"]


@dataclass(eq=False)
class _Pair:
    """One client connection and the server connection behind it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_mute: bool = False  # what the server says is no longer passed on
    heard: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    def close(self) -> None:
        self.client.close()
        self.server.close()


class CuttingProxy:
    """Stands before the server on `port`; plays each planned trick once, on the next request that contains its word."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.tricks: list[tuple[Trick, bytes]] = []
        self.played: list[Trick] = []
        self.requests = 0
        self._server_port = port
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[tuple[_Pair, bytes]] = []
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def open(self) -> None:
        """Listen, on the same port as before when there was one."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuse connections and cut those that are there; a held request stays held."""
        if self._listener is not None:
            self._listener.close()
        held = {pair for pair, _ in self._held}
        for pair in self._pairs:
            pair.client.close() if pair in held else pair.close()
        self._pairs = held
        await asyncio.sleep(0)

    async def end(self) -> None:
        """Close everything, held requests too."""
        self._held.clear()
        await self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def plan(self, trick: Trick, word: bytes = b"\r\nEXEC\r\n") -> None:
        self.tricks.append((trick, word))

    async def deliver_held(self) -> bytes:
        """Send the oldest held request to the server now, long after its client gave up; return the answer."""
        pair, request = self._held.pop(0)
        pair.server.write(request)
        return await pair.heard.get()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        pair = _Pair(writer, server_writer)
        self._pairs.add(pair)
        for flow in (self._requests(reader, pair), self._answers(server_reader, pair)):
            task = asyncio.create_task(flow)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _requests(self, reader: asyncio.StreamReader, pair: _Pair) -> None:
        with suppress(ConnectionError):
            while request := await reader.read(1 << 20):
                self.requests += 1
                trick = self._trick(request)
                if trick is None:
                    pair.server.write(request)
                else:
                    await self._play(trick, request, pair)
        if not pair.is_mute:
            pair.close()

    def _trick(self, request: bytes) -> Trick | None:
        if self.tricks and self.tricks[0][1] in request:
            self.played.append(self.tricks[0][0])
            return self.tricks.pop(0)[0]
        return None

    async def _play(self, trick: Trick, request: bytes, pair: _Pair) -> None:
        if trick == "cut before":
            pair.close()
            return
        pair.is_mute = True
        if trick == "hold":
            self._held.append((pair, request))
            return
        pair.server.write(request)
        await pair.heard.get()  # the server has done it
        pair.close()

    async def _answers(self, reader: asyncio.StreamReader, pair: _Pair) -> None:
        with suppress(ConnectionError):
            while answer := await reader.read(1 << 20):
                if pair.is_mute:
                    pair.heard.put_nowait(answer)
                else:
                    pair.client.write(answer)
        pair.close()
