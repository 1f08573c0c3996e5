"""The clocks: the wall's, and one that runs faster from a fixed anchor."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field


class WallClock:
    """Now is what the machine says."""

    def now_ms(self) -> int:
        """Return ms since 1970."""
        return time.time_ns() // 1_000_000

    def elapsed(self) -> float:
        """Return seconds on a clock that never goes back."""
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class ScaledClock:
    """Simulated time: it stands at `anchor_ms` when made and runs `speed` times as fast as the monotonic clock."""

    anchor_ms: int
    speed: float
    _began: float = field(default_factory=time.perf_counter)

    def now_ms(self) -> int:
        """Return simulated ms since 1970."""
        return self.anchor_ms + int((time.perf_counter() - self._began) * 1000 * self.speed)

    def start_at(self, anchor_ms: int) -> None:
        """Stand at this instant and run from there."""
        self.anchor_ms, self._began = anchor_ms, time.perf_counter()

    def elapsed(self) -> float:
        """Return wall seconds on a clock that never goes back."""
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        """Wait so many wall seconds."""
        await asyncio.sleep(seconds)
