"""Figures over what happened in a window: sum, average, smallest, share, most frequent …; of nothing there is no value.

Numbers add up exactly as they are written: floats are taken for the decimal number that they are printed as.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from typing import Any

from stream.core import window
from stream.core.condition import Read
from stream.core.frame import Frame
from stream.core.ledger import AMOUNT, ROWS, Ledger, Row
from stream.core.profile import Profile
from stream.core.sources import Numbers, RowIn, Rows, Test, remembered

AMOUNT_PLACE = f"[{ROWS}][0][{AMOUNT}]"
"""Where the amount of the only row stands in a ledger."""
Value = Callable[[Profile, int], Any]
SHARES = 4096
"""Of so many shares the answer of a test is remembered: fractions are slow to make and to compare."""


def exact(number: float) -> int | Fraction:
    """Return a number as it is written: 0.1 is a tenth."""
    return number if isinstance(number, int) else Fraction(repr(number))


def shown(number: Any) -> Any:
    """Return a figure as JSON has it: whole where it is whole, a float where it is not."""
    if type(number) is Fraction:  # it asks more dearly of what a class is that has abstract ones above it
        return int(number) if number.denominator == 1 else float(number)
    return number


def as_written(number: Any) -> Any:
    """Return a figure as a test compares it: whole where it is whole."""
    return int(number) if type(number) is Fraction and number.denominator == 1 else number


def total(numbers: Numbers, test: Test, frame: Frame) -> Read:
    """Return whether the sum of the numbers in the window passes."""
    return _by_prefix_sums(_prefixes(numbers), frame, lambda added, weight: test(as_written(added)))


def total_reaches(numbers: Numbers, test: Test, frame: Frame, bar: Any, *, is_above: bool) -> Read:
    """Return whether the sum of the numbers in the window is the bar or more; with `is_above` more only.

    `test` says the same of a sum. Where no number is below zero, silence can only take something off the newest.
    """
    prefixes, read_any, span = _prefixes(numbers), total(numbers, test, frame), frame.newest
    if span is None:
        return read_any

    def read(profile: Profile, now: int) -> int:
        instants, sums, _, is_positive = prefixes(profile)
        if not is_positive:
            return read_any(profile, now)
        return window.sum_left(instants, sums, now, span(profile), bar, is_above=is_above)

    return read


def average(numbers: Numbers, test: Test, frame: Frame) -> Read:
    """Return whether the average of the numbers in the window passes."""
    return _by_prefix_sums(_prefixes(numbers), frame, lambda added, weight: test(as_written(Fraction(added) / weight)))


def share(rows: Rows, test: Test, frame: Frame, fewest: int = 1) -> Read:
    """Return whether the share of the rows in the window whose value is true passes; of fewer there is none."""

    @lru_cache(maxsize=SHARES)
    def passes(true: int, of: int) -> bool:
        return of >= fewest and test(Fraction(true, of))

    return _by_prefix_sums(_prefixes_of_flags(rows), frame, passes)


Prefix = tuple[Sequence[int], Sequence[Any], Sequence[int], bool]
"""Instants, sums and weights up to each of them, and whether no number is below zero."""


Prefixes = Callable[[Profile], Prefix]


def _prefixes(numbers: Numbers) -> Prefixes:
    def prefix(profile: Profile) -> Prefix:
        found = numbers(profile)
        added = [got if type(got) is int else exact(got) for _, got, _ in found]
        weights = list(accumulate([weight for _, _, weight in found], initial=0))
        is_positive = min(added, default=0) >= 0
        return [at for at, _, _ in found], list(accumulate(added, initial=0)), weights, is_positive

    return remembered(("prefix", numbers), prefix)


def _prefixes_of_flags(rows: Rows) -> Prefixes:
    def prefix(profile: Profile) -> Prefix:
        found = rows(profile)
        sums = list(accumulate([flag for _, flag in found], initial=0))
        return [at for at, _ in found], sums, range(len(found) + 1), True

    return remembered(("flags", rows), prefix)


def _by_prefix_sums(prefixes: Prefixes, frame: Frame, holds_of: Callable[[Any, int], bool]) -> Read:
    def read(profile: Profile, now: int) -> int:
        instants, sums, weights, _ = prefixes(profile)

        def holds(start: int, stop: int) -> bool:
            return stop > start and holds_of(sums[stop] - sums[start], weights[stop] - weights[start])

        return frame.verdict(profile, instants, now, holds)

    return read


def total_value(numbers: Numbers, frame: Frame) -> Value:
    """Return the sum of the numbers in the window, None where there are none."""

    def value(profile: Profile, now: int) -> Any:
        found = _inside(numbers(profile), profile, now, frame)
        return shown(sum(exact(got) for _, got, _ in found)) if found else None

    return value


def average_value(numbers: Numbers, frame: Frame) -> Value:
    """Return the average of the numbers in the window, None where there are none."""

    def value(profile: Profile, now: int) -> Any:
        found = _inside(numbers(profile), profile, now, frame)
        if not found:
            return None
        return shown(Fraction(sum(exact(got) for _, got, _ in found)) / sum(weight for _, _, weight in found))

    return value


def _inside(found: Sequence[Any], profile: Profile, now: int, frame: Frame) -> Sequence[Any]:
    start, stop = frame.inside(profile, [row[0] for row in found], now)
    return found[start:stop]


Of = Callable[[Sequence[Any]], Any]
"""From the values in a window, in order of time and never none, to the figure."""


def figure(rows: Rows, of: Of, test: Test, frame: Frame, fewest: int = 1) -> Read:
    """Return whether a figure of the values in the window passes; of fewer than `fewest` there is no value."""

    worked_out = remembered(("figure", rows, of), lambda profile: _Slices(rows(profile), of))

    def read(profile: Profile, now: int) -> int:
        slices = worked_out(profile)
        return frame.verdict(
            profile, slices.instants, now, lambda start, stop: stop - start >= fewest and test(slices.of(start, stop))
        )

    return read


class _Slices:
    """The figure of each slice that was asked of some rows, worked out once."""

    __slots__ = ("_known", "_of", "_values", "instants")

    def __init__(self, rows: Sequence[tuple[int, Any]], of: Of) -> None:
        self.instants = [at for at, _ in rows]
        self._values, self._of = [got for _, got in rows], of
        self._known: dict[tuple[int, int], Any] = {}

    def of(self, start: int, stop: int) -> Any:
        """Return the figure of the rows in [start, stop), worked out once."""
        known = self._known
        if (start, stop) not in known:
            known[start, stop] = self._of(self._values[start:stop])
        return known[start, stop]


def figure_value(rows: Rows, of: Of, frame: Frame, fewest: int = 1) -> Value:
    """Return a figure of the values in the window, None of fewer than `fewest`."""

    def value(profile: Profile, now: int) -> Any:
        found = _inside(rows(profile), profile, now, frame)
        return shown(of([got for _, got in found])) if len(found) >= fewest else None

    return value


def of_row(row_in: RowIn, value_of: Callable[[Row], Any], test: Test) -> Test:
    """Return the judge of a ledger: the value of one of its rows passes; of no row there is none."""

    def judge(ledger: Ledger) -> bool:
        row = row_in(ledger)
        return row is not None and test(value_of(row))

    return judge


def row_value(key: int, row_in: RowIn, value_of: Callable[[Row], Any]) -> Value:
    """Return the value of one of the rows of a ledger, None where there is no row."""

    def value(profile: Profile, now: int) -> Any:
        ledger = profile.states.get(key)
        row = row_in(ledger) if ledger is not None else None
        return shown(value_of(row)) if row is not None else None

    return value


def first_of(values: Sequence[Any]) -> Any:
    """Return the first value."""
    return values[0]


def last_of(values: Sequence[Any]) -> Any:
    """Return the last value."""
    return values[-1]


def share_of(flags: Sequence[bool]) -> Fraction:
    """Return which share of some flags is true."""
    return Fraction(sum(flags), len(flags))


def different(values: Sequence[Any]) -> int:
    """Return how many different values there are."""
    return len(set(values))


def most_frequent(values: Sequence[tuple[str, Any]]) -> Any:
    """Return the value whose name stands there most often, of several the one seen last."""
    counts = Counter([name for name, _ in values])
    most = max(counts.values())
    return next(value for name, value in reversed(values) if counts[name] == most)
