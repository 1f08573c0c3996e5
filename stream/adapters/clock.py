"""The machine's clocks: the wall's, believed no further than the monotonic one, and one that runs faster."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable

import structlog

from stream.wire.instant import to_text

log = structlog.get_logger(__name__)

TOLERANCE_MS = 60_000
"""Steps of the wall clock up to here are corrections; beyond it somebody has to look."""
SETTLED_MS = 3_600_000
"""So long a step within the tolerance has to last before the next one is measured from it."""

Wall = Callable[[], int]
"""Returns ms since 1970, as the machine believes."""
Monotonic = Callable[[], float]
"""Returns seconds on a clock that nobody sets."""


def wall_ms() -> int:
    """Return ms since 1970, as the machine believes."""
    return time.time_ns() // 1_000_000


def _boot_clock() -> Monotonic:
    """Return a clock that goes on while the machine sleeps, where there is one: waking up is no jump of the wall."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.perf_counter if boot is None else lambda: time.clock_gettime(boot)


class WallClock:
    """Now is the earlier of what the machine says and of what has passed since it last was sound; it never goes back.

    A wall clock that jumps ahead would make customers dormant years too early, for ever; one that jumps back
    only makes exits late. So ahead nobody follows it, and back it is waited for.
    """

    def __init__(self, wall: Wall = wall_ms, monotonic: Monotonic | None = None) -> None:
        """Believe the wall as it stands now: after an outage nothing tells a wrong clock from a long silence."""
        self._wall, self._monotonic = wall, monotonic or _boot_clock()
        self._since_ms, self._since_s = self._wall(), self._monotonic()
        self._latest_ms = self._since_ms
        self._was = "sound"
        self._is_behind_log = False

    def now_ms(self) -> int:
        """Return ms since 1970, never less than before."""
        wall, passed_ms = self._wall(), self._passed_ms()
        off_ms = wall - passed_ms
        is_sound = abs(off_ms) <= TOLERANCE_MS
        self._latest_ms = max(self._latest_ms, wall if is_sound else min(wall, passed_ms))
        self._tell("sound" if is_sound else "ahead" if off_ms > 0 else "behind", wall, off_ms)
        if is_sound and passed_ms - self._since_ms > SETTLED_MS:
            self._since_ms, self._since_s = wall, self._monotonic()
        return self._latest_ms

    def jumped_ms(self) -> int:
        """Return by how much the wall stands ahead of (or, negative, behind) what has passed since it was sound."""
        self.now_ms()
        return self._wall() - self._passed_ms()

    def _passed_ms(self) -> int:
        return self._since_ms + int((self._monotonic() - self._since_s) * 1000)

    def _tell(self, state: str, wall: int, off_ms: int) -> None:
        """Say it once when the wall leaves what has passed, and once when it is back."""
        if state == self._was:
            return
        self._was = state
        told = {"by_s": off_ms / 1000, "wall": to_text(wall), "time": to_text(self._latest_ms)}
        if state == "sound":
            log.warning("clock_sound_again", **told)
        else:
            log.error("clock_jumped", **told, what_to_do=_WHAT_TO_DO[state])

    def resume(self, at_ms: int) -> None:
        """Say so where the log has been ticked further than this clock has come: nothing fires until it gets there."""
        now_ms = self.now_ms()
        if at_ms > now_ms + TOLERANCE_MS and not self._is_behind_log:
            self._is_behind_log = True
            told = {"wall": to_text(now_ms), "last_tick": to_text(at_ms)}
            log.error("clock_behind_log", **told, what_to_do="set the machine's clock right; until then no timer fires")

    def waited_ms(self, since_ms: Iterable[int]) -> list[int]:
        """Return ms since each of these instants."""
        now_ms = self.now_ms()
        return [now_ms - each for each in since_ms]

    def elapsed(self) -> float:
        """Return seconds on a clock that never goes back."""
        return self._monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        await asyncio.sleep(seconds)


_WHAT_TO_DO = {
    "ahead": "time goes on by the monotonic clock; set the machine's clock right, "
    "or, if it is right now, restart this worker: it believes the clock it starts with",
    "behind": "no timer fires until the machine's clock has come to `time` again; set it right",
}


class ScaledClock:
    """Simulated time: a number of times as fast as the monotonic clock, from where it stood when the log was left."""

    def __init__(self, begins_ms: int, speed: float, monotonic: Monotonic | None = None) -> None:
        """Stand at `begins_ms` until somebody knows better; a `speed` of 0 stands still."""
        self._monotonic = monotonic or _boot_clock()
        self._is_resumed = False
        self._stand(begins_ms, speed)

    def _stand(self, at_ms: int, speed: float) -> None:
        self._at_ms, self._since_s, self.speed = at_ms, self._monotonic(), speed

    def now_ms(self) -> int:
        """Return simulated ms since 1970."""
        return self._at_ms + int((self._monotonic() - self._since_s) * 1000 * self.speed)

    def waited_ms(self, since_ms: Iterable[int]) -> list[int]:
        """Return the wall ms since each of these simulated instants, at most since time took up its speed."""
        now_ms, speed = self.now_ms(), self.speed or math.inf
        return [round((now_ms - max(each, self._at_ms)) / speed) for each in since_ms]

    def resume(self, at_ms: int) -> None:
        """Go on from where time stood when the log was left; after the first time only ever ahead."""
        if not self._is_resumed or at_ms > self.now_ms():
            self._stand(at_ms, self.speed)
        self._is_resumed = True

    def run(self, speed: float) -> None:
        """Go on from here, so many times as fast as the wall."""
        self._stand(self.now_ms(), speed)

    def jumped_ms(self) -> int:
        """Return 0: no wall is asked."""
        return 0

    def elapsed(self) -> float:
        """Return wall seconds on a clock that never goes back."""
        return self._monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait so many wall seconds."""
        await asyncio.sleep(seconds)
