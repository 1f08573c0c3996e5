"""Conditions: one question with a yes or no, and the instant until which silence keeps the answer.

Each function here makes the leaf of one condition family: it binds what the rule said once and
returns closures that read a profile. This is the readable reference of what a condition means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import fsum
from typing import Any

from stream.core import ledger as books
from stream.core import window
from stream.core.profile import NEVER, Profile

Read = Callable[[Profile, int], int]
"""From a profile and an instant to a verdict: +u true until u, -u false until u."""

Instants = Callable[[Profile], Sequence[int]]
Rows = Callable[[Profile], Sequence[tuple[int, Any]]]
Span = Callable[[Profile], int]
Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition as the engine sees it, and what a person is told of it."""

    text: str
    """What is asked of the customer, in words."""
    test: str
    """How the value is compared with the bar, in words; empty where there is nothing to compare."""
    bar: Any
    unit: str
    """The currency of value and bar, both in minor units; empty where they are no money."""
    read: Read
    value: Callable[[Profile, int], Any]
    states: frozenset[int] = frozenset()
    """Keys of the states it reads."""
    dimensions: frozenset[int] = frozenset()
    """Keys of the dimensions it reads."""


# -- how conditions join ------------------------------------------------------------------


def every(reads: Sequence[Read]) -> Read:
    """Return the verdict of all: true until the first ends, false until the last begins."""
    if len(reads) == 1:
        return reads[0]
    return lambda profile, now: min([read(profile, now) for read in reads])


def either(reads: Sequence[Read]) -> Read:
    """Return the verdict of any: true until the last ends, false until the first begins."""
    if len(reads) == 1:
        return reads[0]
    return lambda profile, now: max([read(profile, now) for read in reads])


def negation(read: Read) -> Read:
    """Return the verdict of not."""
    return lambda profile, now: -read(profile, now)


def always(profile: Profile, now: int) -> int:
    """Return true for ever: every known customer."""
    return NEVER


# -- spans --------------------------------------------------------------------------------


def fixed(span_ms: int) -> Span:
    """Return a span that is the same for everybody."""
    return lambda profile: span_ms


def personal(key: int, numerator: int, denominator: int, floor_ms: int, mean_ms: int) -> Span:
    """Return the span of so many of the customer's own gaps between order days, never below the floor.

    The gap is (2 * mean + t_x) // (2 + x) in ms: x repeat days, t_x from the first to the last order day.
    """

    def span(profile: Profile) -> int:
        return max(gap_ms(profile, key, mean_ms) * numerator // denominator, floor_ms)

    return span


def gap_ms(profile: Profile, key: int, mean_ms: int) -> int:
    """Return the customer's usual gap between order days, drawn towards the mean of all customers."""
    orders = profile.states.get(key)
    if orders is None:
        return mean_ms
    days, first, last = books.gap_days(orders)
    return (2 * mean_ms + (last - first) * 86_400_000) // (1 + days) if days else mean_ms


# -- where instants and values come from ---------------------------------------------------


def newest_of(key: int) -> Instants:
    """Return the instants that a state of plain instants holds."""
    return lambda profile: profile.states.get(key, ())


def booked(key: int, matches: Test | None) -> Instants:
    """Return the instants of what stands in a ledger and matches; folded rows stand at their first instant."""

    def instants(profile: Profile) -> Sequence[int]:
        ledger = profile.states.get(key)
        if ledger is None:
            return ()
        rows = ledger[books.ROWS] if matches is None else [row for row in ledger[books.ROWS] if matches(row)]
        found = [row[books.AT] for row in rows for _ in range(row[books.WEIGHT])]
        return found if matches or not ledger[books.FOLDED] else _folded_instants(ledger) + found

    return instants


def _folded_instants(ledger: books.Ledger) -> list[int]:
    folded = ledger[books.FOLDED]
    return [folded[3]] * folded[0]


def merged(sources: Sequence[Instants]) -> Instants:
    """Return the instants of several sources as one."""
    if len(sources) == 1:
        return sources[0]

    def instants(profile: Profile) -> Sequence[int]:
        found: list[int] = []
        for source in sources:
            found.extend(source(profile))
        return sorted(found)

    return instants


def newest_per_day(sources: Sequence[tuple[int, Test | None]]) -> Callable[[Profile], Sequence[tuple[int, int]]]:
    """Return (instant, day) of every booked row of these ledgers, sorted."""

    def rows(profile: Profile) -> Sequence[tuple[int, int]]:
        found = []
        for key, matches in sources:
            ledger = profile.states.get(key)
            if ledger is not None:
                found += [
                    (row[books.AT], row[books.DAY]) for row in ledger[books.ROWS] if matches is None or matches(row)
                ]
        return sorted(found)

    return rows


def instants_of(rows: Rows) -> Instants:
    """Return the instants of rows."""
    return lambda profile: [at for at, _ in rows(profile)]


def booked_values(sources: Sequence[tuple[int, Test | None, Callable[[books.Row], Any]]]) -> Rows:
    """Return (instant, value) of every booked row that matches and has the value."""

    def rows(profile: Profile) -> Sequence[tuple[int, Any]]:
        found = []
        for key, matches, value in sources:
            ledger = profile.states.get(key)
            if ledger is not None:
                for row in ledger[books.ROWS]:
                    if (matches is None or matches(row)) and (got := value(row)) is not None:
                        found.append((row[books.AT], got))
        if len(sources) > 1:
            found.sort(key=_at)
        return found

    return rows


def _at(row: tuple[int, Any]) -> int:
    return row[0]


# -- families -----------------------------------------------------------------------------


def did(instants: Instants, low: int, high: int, within: Span | None, older_ms: int) -> Read:
    """Return whether the number of instants in the window lies in [low, high]."""
    if within is None and not older_ms:
        return lambda profile, now: window.count_ever(instants(profile), low, high)
    if within is None:
        return lambda profile, now: window.count_older(instants(profile), now, older_ms, low, high)
    if not older_ms:
        return lambda profile, now: window.count_within(instants(profile), now, within(profile), low, high)
    return lambda profile, now: window.count_between(instants(profile), now, within(profile), older_ms, low, high)


def count(instants: Instants, within: Span | None, older_ms: int) -> Callable[[Profile, int], int]:
    """Return how many instants lie in the window."""

    def value(profile: Profile, now: int) -> int:
        found = instants(profile)
        start, stop = window.inside(found, now, within(profile) if within else NEVER, older_ms)
        return stop - start

    return value


def first_time(instants: Instants, within: Span | None) -> Read:
    """Return whether the earliest instant in life lies in the window; never again after it."""

    def read(profile: Profile, now: int) -> int:
        found = instants(profile)
        if not found:
            return -NEVER
        if within is None:
            return NEVER
        end = found[0] + within(profile)
        return end if now < end else -NEVER

    return read


def first(instants: Instants) -> Callable[[Profile, int], int | None]:
    """Return the earliest instant in life, or None."""

    def value(profile: Profile, now: int) -> int | None:
        found = instants(profile)
        return found[0] if found else None

    return value


def days(
    rows: Callable[[Profile], Sequence[tuple[int, int]]], within: Span | None, older_ms: int
) -> Callable[[Profile, int], int]:
    """Return on how many different days something lies in the window."""

    def value(profile: Profile, now: int) -> int:
        found = rows(profile)
        start, stop = window.inside([at for at, _ in found], now, within(profile) if within else NEVER, older_ms)
        return len({day for _, day in found[start:stop]})

    return value


def total(rows: Rows, within: Span | None, older_ms: int) -> Callable[[Profile, int], Any]:
    """Return the sum of the values in the window, None where there is none; floats add without rounding order."""

    def value(profile: Profile, now: int) -> Any:
        found = rows(profile)
        start, stop = window.inside([at for at, _ in found], now, within(profile) if within else NEVER, older_ms)
        return exact_sum([got for _, got in found[start:stop]])

    return value


def exact_sum(values: Sequence[Any]) -> Any:
    """Return the sum, the same for every order of the values; None of nothing."""
    if not values:
        return None
    return fsum(values) if any(isinstance(value, float) for value in values) else sum(values)


def aggregate(
    value: Callable[[Profile, int], Any], instants: Instants, test: Test, within: Span | None, older_ms: int
) -> Read:
    """Return whether a value over the window passes; found again at each edge of the window."""

    def read(profile: Profile, now: int) -> int:
        reach = within(profile) if within else NEVER

        def holds_at(at: int) -> bool:
            got = value(profile, at)
            return got is not None and test(got)

        return window.first_change(holds_at, window.edges(instants(profile), now, reach, older_ms), now)

    return read


def whole_sum(rows: Rows, test: Test, within: Span | None, older_ms: int) -> Read:
    """Return whether the sum of whole numbers (money) in the window passes, by prefix sums."""

    def read(profile: Profile, now: int) -> int:
        found = rows(profile)
        instants = [at for at, _ in found]
        sums = list(accumulate((got for _, got in found), initial=0))
        reach = within(profile) if within else NEVER

        def holds_at(at: int) -> bool:
            start, stop = window.inside(instants, at, reach, older_ms)
            return stop > start and test(sums[stop] - sums[start])

        return window.first_change(holds_at, window.edges(instants, now, reach, older_ms), now)

    return read


def trait(key: int, test: Test) -> Read:
    """Return whether the newest value of a trait passes; None where it is missing."""

    def read(profile: Profile, now: int) -> int:
        kept = profile.states.get(key)
        return NEVER if test(kept[0] if kept else None) else -NEVER

    return read


def trait_value(key: int) -> Callable[[Profile, int], Any]:
    """Return the newest value of a trait, or None."""

    def value(profile: Profile, now: int) -> Any:
        kept = profile.states.get(key)
        return kept[0] if kept else None

    return value


def in_segment(key: int, segment: str, for_ms: int, below_ms: int) -> Read:
    """Return whether the customer is in a segment, for at least `for_ms`, or (if set) less than `below_ms`."""

    def read(profile: Profile, now: int) -> int:
        standing = profile.standings.get(key)
        if standing is None or standing.segment != segment:
            return -NEVER
        if below_ms:
            end = standing.since + below_ms
            return end if now < end else -NEVER
        begin = standing.since + for_ms
        return NEVER if now >= begin else -begin

    return read


def segment_value(key: int) -> Callable[[Profile, int], str | None]:
    """Return the segment that the customer is in, None outside."""

    def value(profile: Profile, now: int) -> str | None:
        standing = profile.standings.get(key)
        return (standing.segment or None) if standing else None

    return value
