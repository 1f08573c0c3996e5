"""The three pages of a role, served on its own loop: /healthz, /readyz and /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from stream.errors import SettingsError

READY_WITHIN_S = 2.0

Unready = Callable[[], Awaitable[Sequence[str]]]
Render = Callable[[str], tuple[bytes, str]]


class Http:
    """A small server; `unready` returns what is missing before work can be done, `render` the metrics page."""

    def __init__(self, host: str, port: int, unready: Unready, render: Render) -> None:
        """Take the address (port 0: any free one) and where the answers come from; nothing is opened yet."""
        self._host = host
        self._port = port
        self._unready = unready
        self._render = render
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen and return the port; raises SettingsError when the address cannot be had."""
        pages = web.Application()
        pages.add_routes(
            [web.get("/healthz", self._healthz), web.get("/readyz", self._readyz), web.get("/metrics", self._metrics)]
        )
        self._runner = web.AppRunner(pages, access_log=None, handle_signals=False)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as why:
            await self.stop()
            raise SettingsError([self._taken(why)]) from why
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Close the port; again does nothing."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def _taken(self, why: OSError) -> str:
        return (
            f"SEGMENTS_HTTP_PORT: cannot listen on {self._host}:{self._port} ({why.strerror}); "
            "choose another port, or 0 for any free one [http-port]"
        )

    async def _healthz(self, _: web.Request) -> web.Response:
        """Answer; that the loop turns is all it says."""
        return _page(200, "ok")

    async def _readyz(self, _: web.Request) -> web.Response:
        """Answer 200, or 503 with one line for each thing that is missing."""
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                missing = await self._unready()
        except TimeoutError:
            missing = [f"no answer from the neighbours within {READY_WITHIN_S:g} s"]
        return _page(503, *missing) if missing else _page(200, "ready")

    async def _metrics(self, request: web.Request) -> web.Response:
        body, content_type = self._render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})


def _page(status: int, *lines: str) -> web.Response:
    return web.Response(
        status=status, text="".join(f"{line}\n" for line in lines), headers={"Cache-Control": "no-store"}
    )
