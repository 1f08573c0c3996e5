"""Conditions on events whose properties are dates that compare with time: which rows count changes in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from stream.core import dated
from stream.core import ledger as books
from stream.core.calendar import ZoneOf
from stream.core.condition import Read
from stream.core.dated import Runs
from stream.core.matching import value_in
from stream.core.profile import NEVER, Profile

Tests = Sequence[tuple[str, Runs]]
"""A property and in which stretches of time a comparison with its date holds; all of them must."""


def counting_rows(read: Read, keys: Iterable[int], tests: Tests, zone_of: ZoneOf) -> Read:
    """Return the verdict of a condition over the rows of these ledgers that pass, until one more or less does."""

    def verdict(profile: Profile, now: int) -> int:
        view, until = as_seen(profile, now, keys, tests, zone_of)
        found = read(view, now)
        return min(found, until) if found > 0 else max(found, -until)

    return verdict


def value_of_rows(
    value: Callable[[Profile, int], Any], keys: Iterable[int], tests: Tests, zone_of: ZoneOf
) -> Callable[[Profile, int], Any]:
    """Return the value of a condition over the rows of these ledgers that pass."""
    return lambda profile, now: value(as_seen(profile, now, keys, tests, zone_of)[0], now)


def as_seen(profile: Profile, now: int, keys: Iterable[int], tests: Tests, zone_of: ZoneOf) -> tuple[Profile, int]:
    """Return the customer as if only the rows that pass at `now` had happened, and until when these are the same."""
    view, zone, until = profile.ahead(()), zone_of(profile), NEVER
    view.states, view.derived = dict(profile.states), {}
    for key in keys:
        passing = []
        for row in profile.states[key][books.ROWS] if key in profile.states else ():
            passes = min([dated.verdict(runs(value_in(row, path), zone, now, 0), now) for path, runs in tests])
            until = min(until, abs(passes))
            if passes > 0:
                passing.append(row)
        view.states[key] = [passing, {}, [], []]
    return view, until
