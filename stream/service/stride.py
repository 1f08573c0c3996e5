"""How many records go into one commit: as many as are worked within the time a slice may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from time import thread_time

FEWEST_RECORDS = 100
SHORT_SHARE = 0.2
"""Of a long slice while little waits: what a slice causes has half a dozen turns of the event loop before it."""
FIRST_GUESS_S = 50e-6
QUICKEST_S = 1e-7


class Stride:
    """The size of the next slice, by how long a record took in those before.

    A large slice is cheap: a customer's profile is read and written once in it, however many records they have. While
    it is worked nothing else of the worker goes on, so it is bounded by time: a short one while little waits, a long
    one where that is more than half of a long one, for then catching up comes first. It is time of the CPU: on a
    machine that others keep busy the clock on the wall would make slices small, hence dear, when that helps least.
    """

    def __init__(
        self,
        most_records: int,
        slice_s: float,
        fewest: int = FEWEST_RECORDS,
        cpu_s: Callable[[], float] = thread_time,
    ) -> None:
        """Judge from the first slice on; `most_records` binds whatever the speed.

        A slice may always have the `fewest`; one of fewer says nothing about the speed.
        """
        self._most_records, self._slice_s, self._fewest, self._cpu_s = most_records, slice_s, fewest, cpu_s
        self._record_s = FIRST_GUESS_S

    @property
    def records(self) -> int:
        """Return how many records a long slice may have."""
        return self.within(self._slice_s)

    def of(self, waiting: int) -> int:
        """Return how many of so many waiting records the next slice may have."""
        is_behind = waiting * self._record_s > self._slice_s / 2
        return self.within(self._slice_s if is_behind else self._slice_s * SHORT_SHARE)

    def within(self, seconds: float) -> int:
        """Return how many records may be worked within so many seconds of CPU."""
        return min(self._most_records, max(self._fewest, int(seconds / self._record_s)))

    @contextmanager
    def measured(self, records: Sized, already: int = 0) -> Iterator[None]:
        """Learn how long the block takes in which these records are worked, without the first ones; it may add some."""
        began_s = self._cpu_s()
        yield
        self._learn(len(records) - already, self._cpu_s() - began_s)

    def _learn(self, records: int, seconds: float) -> None:
        if records >= self._fewest:
            self._record_s = max(QUICKEST_S, (self._record_s + seconds / records) / 2)
