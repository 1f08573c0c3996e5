"""How long the consumer waits before it asks the broker again, so that few records at a time cost little."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, process_time

SHARE = 0.2
"""Of a core that this process may use while records come a few at a time."""
SHORTEST_S, LONGEST_S = 0.001, 0.008


class Pace:
    """The pause between two fetches: none to speak of while the process keeps to its share of a core.

    A batch costs hundreds of microseconds whether it has one record or ten: a commit, round trips, hand-overs between
    threads. Where that adds up to more than the share, be it for the rate or for a slow machine, more records are
    gathered for each, and an event waits half a pause in the middle.
    """

    def __init__(self, cpu_s: Callable[[], float] = process_time, now_s: Callable[[], float] = monotonic) -> None:
        """Begin now, without debt; `cpu_s` tells what the process has used."""
        self._cpu_s, self._now_s = cpu_s, now_s
        self._used_s, self._at_s = cpu_s(), now_s()
        self._spare_s = 0.0

    def pause_s(self) -> float:
        """Return how long to wait now, by what was used and what time passed since the last question."""
        used_s, at_s = self._cpu_s(), self._now_s()
        spare_s = self._spare_s + (at_s - self._at_s) - (used_s - self._used_s) / SHARE
        self._used_s, self._at_s = used_s, at_s
        self._spare_s = min(LONGEST_S, max(-LONGEST_S, spare_s))
        return max(SHORTEST_S, -self._spare_s)
