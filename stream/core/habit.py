"""Conditions on the rhythm of what a customer does: regularly, stopped, restarted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise

from stream.core import window
from stream.core.condition import Read
from stream.core.frame import Span
from stream.core.profile import NEVER, Profile
from stream.core.sources import Instants


def stopped(instants: Instants, did_within: Span, quiet_for: Span) -> Read:
    """Return whether the newest is at least `quiet_for` and less than `did_within` ago."""

    def read(profile: Profile, now: int) -> int:
        found = instants(profile)
        if not found:
            return -NEVER
        return window.any_of([(found[-1] + quiet_for(profile), found[-1] + did_within(profile))], now)

    return read


def restarted(instants: Instants, quiet_for: Span, again_within: Span) -> Read:
    """Return whether one in the span lies at least `quiet_for` after the one before it."""

    def read(profile: Profile, now: int) -> int:
        found, quiet, again = instants(profile), quiet_for(profile), again_within(profile)
        recent = found[max(bisect_right(found, now - again) - 1, 0) :]
        return window.any_of([(two, two + again) for one, two in pairwise(recent) if two - one >= quiet], now)

    return read


def newest(instants: Instants) -> Callable[[Profile, int], int | None]:
    """Return the newest instant, or None."""

    def value(profile: Profile, now: int) -> int | None:
        found = instants(profile)
        return found[-1] if found else None

    return value


def full_periods(instants: Sequence[int], now: int, every: int, of_last: int, at_least: int) -> int:
    """Return how many of the last periods, counted back from `now`, hold at least so many instants."""
    edges = [bisect_right(instants, now - number * every) for number in range(of_last + 1)]
    return sum(newer - older >= at_least for newer, older in pairwise(edges))


def regularly(instants: Instants, at_least: int, every: int, in_at_least: int, of_last: int) -> Read:
    """Return whether enough of the last periods hold enough; found again where an instant changes its period."""

    def read(profile: Profile, now: int) -> int:
        found = instants(profile)
        found = found[bisect_right(found, now - of_last * every) :]

        def holds_at(at: int) -> bool:
            return full_periods(found, at, every, of_last, at_least) >= in_at_least

        if not holds_at(now) and len(found) < at_least * in_at_least:
            return -NEVER
        shifts = {at + number * every for at in found for number in range(1, of_last + 1)}
        return window.first_change(holds_at, sorted(at for at in shifts if at > now), now)

    return read


def periods(instants: Instants, at_least: int, every: int, of_last: int) -> Callable[[Profile, int], int]:
    """Return how many of the last periods hold enough."""
    return lambda profile, now: full_periods(instants(profile), now, every, of_last, at_least)
