"""The intake frontier in Redis: one hash, a field for each writer of the log."""

from __future__ import annotations

from collections.abc import Sequence

from stream.adapters.redis_line import Lines


class RedisFrontier:
    """The `Frontier` port: up to where each writer has acknowledged everything it stamped."""

    def __init__(self, url: str, namespace: str, *, timeout_s: float = 5.0) -> None:
        """Keep the hash `seg:<namespace>:frontier`. Raises SettingsError for a URL that makes no sense."""
        self._lines = Lines(url, timeout_s)
        self._key = f"seg:{namespace}:frontier"

    async def report(self, source: str, before_ms: int) -> None:
        """Say that everything of this source stamped below an instant is acknowledged. Raises UnavailableError."""
        async with self._lines.line() as line:
            await line.read(("HSET", self._key, source, before_ms))

    async def reached(self, sources: Sequence[str]) -> int | None:
        """Return the least instant that all these sources reported, None while one has said nothing."""
        async with self._lines.line() as line:
            told = (await line.read(("HMGET", self._key, *sources)))[0]
        return None if None in told else min(int(each) for each in told)

    async def close(self) -> None:
        """Close the connections."""
        await self._lines.close()
