"""Figures over what happened in a window: sums and the like; of nothing there is no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import fsum
from typing import Any

from stream.core.condition import Read
from stream.core.frame import Frame
from stream.core.profile import Profile
from stream.core.sources import Rows, Test


def total(rows: Rows, frame: Frame) -> Callable[[Profile, int], Any]:
    """Return the sum of the values in the window, None where there is none; floats add without rounding order."""

    def value(profile: Profile, now: int) -> Any:
        found = rows(profile)
        start, stop = frame.inside(profile, [at for at, _ in found], now)
        return exact_sum([got for _, got in found[start:stop]])

    return value


def exact_sum(values: Sequence[Any]) -> Any:
    """Return the sum, the same for every order of the values; None of nothing."""
    if not values:
        return None
    return fsum(values) if any(isinstance(value, float) for value in values) else sum(values)


def whole_sum(rows: Rows, test: Test, frame: Frame) -> Read:
    """Return whether the sum of whole numbers (money) in the window passes, by prefix sums."""

    def read(profile: Profile, now: int) -> int:
        found = rows(profile)
        sums = list(accumulate((got for _, got in found), initial=0))

        def holds(start: int, stop: int) -> bool:
            return stop > start and test(sums[stop] - sums[start])

        return frame.verdict(profile, [at for at, _ in found], now, holds)

    return read


def figure(rows: Rows, of: Callable[[Sequence[Any]], Any], test: Test, frame: Frame) -> Read:
    """Return whether a figure of the values in the window passes; None, the figure of nothing, never does."""

    def read(profile: Profile, now: int) -> int:
        found = rows(profile)
        values = [got for _, got in found]

        def holds(start: int, stop: int) -> bool:
            got = of(values[start:stop])
            return got is not None and test(got)

        return frame.verdict(profile, [at for at, _ in found], now, holds)

    return read
