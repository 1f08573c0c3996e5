"""Conditions that count: did, did not, on how many days, for the first time."""

from __future__ import annotations

from collections.abc import Callable

from stream.core import window
from stream.core.condition import Read
from stream.core.figures import different, figure, figure_value
from stream.core.frame import Frame, Span
from stream.core.profile import NEVER, Profile
from stream.core.sources import Instants, Rows


def did(instants: Instants, low: int, high: int, frame: Frame) -> Read:
    """Return whether the number of instants in the window lies in [low, high]."""
    within, older_ms = frame.within, frame.older_ms
    if frame.calendar is not None:
        return lambda profile, now: frame.verdict(
            profile, instants(profile), now, lambda start, stop: low <= stop - start <= high
        )
    if within is None and not older_ms:
        return lambda profile, now: window.count_ever(instants(profile), low, high)
    if within is None:
        return lambda profile, now: window.count_older(instants(profile), now, older_ms, low, high)
    if not older_ms and (span_ms := frame.longest_ms) < NEVER:
        return lambda profile, now: window.count_within(instants(profile), now, span_ms, low, high)
    if not older_ms:
        return lambda profile, now: window.count_within(instants(profile), now, within(profile), low, high)
    return lambda profile, now: window.count_between(instants(profile), now, within(profile), older_ms, low, high)


def count(instants: Instants, frame: Frame) -> Callable[[Profile, int], int]:
    """Return how many instants lie in the window."""
    within = frame.within
    if frame.is_ever:
        return lambda profile, now: len(instants(profile))
    if within is not None and frame.calendar is None and not frame.older_ms:
        return lambda profile, now: window.count_since(instants(profile), now - within(profile))

    def value(profile: Profile, now: int) -> int:
        start, stop = frame.inside(profile, instants(profile), now)
        return stop - start

    return value


def first_time(instants: Instants, within: Span) -> Read:
    """Return whether the earliest instant in life lies in the span before now; never again after it."""

    def read(profile: Profile, now: int) -> int:
        found = instants(profile)
        if not found:
            return -NEVER
        end = found[0] + within(profile)
        return end if now < end else -NEVER

    return read


def first(instants: Instants) -> Callable[[Profile, int], int | None]:
    """Return the earliest instant in life, or None."""

    def value(profile: Profile, now: int) -> int | None:
        found = instants(profile)
        return found[0] if found else None

    return value


def days(rows: Rows, frame: Frame) -> Callable[[Profile, int], int]:
    """Return on how many different days something lies in the window."""
    return figure_value(rows, different, frame, fewest=0)


def did_on_days(rows: Rows, low: int, high: int, frame: Frame) -> Read:
    """Return whether the number of different days in the window lies in [low, high]."""

    return figure(rows, different, lambda number: low <= number <= high, frame, fewest=0)
