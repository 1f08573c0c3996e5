"""Waking customers whose instants are due: as many as fit into one commit, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import thread_time

from stream.service.aside import Aside
from stream.service.limits import Limits
from stream.service.slices import Changes, EngineFault, Work
from stream.service.stride import Stride

FEWEST_WAKES = 20
"""Customers in a commit of timers, however slow they are: below that the commit itself costs as much as they."""
BITE_S = 0.002
"""Seconds of CPU for which customers are woken before the event loop has a turn."""


class Waking:
    """How one partition wakes customers."""

    def __init__(self, limits: Limits, cpu_s: Callable[[], float] = thread_time) -> None:
        """Judge how many there may be from the first on."""
        self._stride = Stride(limits.timers, limits.timers_s, FEWEST_WAKES, cpu_s)
        self._most_moves = limits.timer_moves

    @property
    def most(self) -> int:
        """Return how many customers the next commit may have."""
        return self._stride.records

    async def woken(
        self, customers: Sequence[str], aside: Aside, begin: Callable[[bool], Work]
    ) -> tuple[Work, Changes]:
        """Wake these customers in a slice of their own; in between records of other partitions go on their way.

        `begin` is told whether the slice is to be worked carefully, as by `Aside.worked`.
        """
        work, few = begin(False), self._stride.within(BITE_S)
        for start in range(0, len(customers), few):
            if start:
                await asyncio.sleep(0)
            if len(work.woken) < start:
                break  # as many moves as there may be: the rest stays due
            with self._stride.measured(work.woken, start):
                work.wake_all(customers[start : start + few], self._most_moves)
        try:
            return work, work.finish()
        except EngineFault:
            return aside.worked(begin, lambda work: work.wake_all(customers, self._most_moves))
