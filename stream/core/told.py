"""Conditions on what is known of a customer beside behaviour: traits, lists, consents, and the segments they are in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream.core import dated
from stream.core.calendar import ZoneOf
from stream.core.condition import Read
from stream.core.dated import Runs
from stream.core.profile import NEVER, Place, Profile
from stream.core.sources import Test
from stream.core.telling import AT, HELD_SINCE, LISTED_SINCE, VALUE

Value = Callable[[Profile, int], Any]


def for_so_long(since: int | None, now: int, for_ms: int, below_ms: int) -> int:
    """Return whether what is so since an instant (None: it is not) is so for `for_ms`, or (if set) not yet `below_ms`.

    It holds until it is no longer so, which is not asked here.
    """
    if since is None:
        return -NEVER
    if below_ms:
        end = since + below_ms
        return end if now < end else -NEVER
    begin = since + for_ms
    return NEVER if now >= begin else -begin


# -- traits -------------------------------------------------------------------------------


def trait(key: int, test: Test) -> Read:
    """Return whether the newest value of a trait passes; None where it is missing."""

    def read(profile: Profile, now: int) -> int:
        kept = profile.states.get(key)
        return NEVER if test(kept[VALUE] if kept else None) else -NEVER

    return read


def trait_value(key: int) -> Value:
    """Return the newest value of a trait, or None."""

    def value(profile: Profile, now: int) -> Any:
        kept = profile.states.get(key)
        return kept[VALUE] if kept else None

    return value


def held_trait(key: int, held_key: int, test: Test, for_ms: int, below_ms: int) -> Read:
    """Return whether the value of a trait has passed without a break for so long, or not yet so long."""

    def since(profile: Profile) -> int | None:
        kept = profile.states.get(key)
        if not test(kept[VALUE] if kept else None):
            return None
        if kept is None:
            return profile.known_since
        held = profile.states.get(held_key)
        found: int = held[HELD_SINCE] if held else kept[AT]
        return found

    return lambda profile, now: for_so_long(since(profile), now, for_ms, below_ms)


def dated_trait(key: int, runs: Runs, zone_of: ZoneOf) -> Read:
    """Return whether the newest value of a trait is a date or moment that compares so at this instant."""

    def read(profile: Profile, now: int) -> int:
        kept = profile.states.get(key)
        if kept is None or kept[VALUE] is None:
            return -NEVER
        return dated.verdict(runs(kept[VALUE], zone_of(profile), now, 0), now)

    return read


def held_dated_trait(history_key: int, runs: Runs, zone_of: ZoneOf, for_ms: int, below_ms: int) -> Read:
    """Return whether the dates in a trait have compared so without a break for so long, or not yet so long."""
    span_ms = for_ms or below_ms

    def read(profile: Profile, now: int) -> int:
        history = profile.states.get(history_key)
        if not history:
            return -NEVER
        zone = zone_of(profile)
        own = dated.verdict(runs(history[-1][VALUE], zone, now, span_ms), now)
        if own <= 0:
            return own
        since = dated.held_since([(at, value) for value, at in history], runs, zone, now, span_ms)
        held = for_so_long(since, now, for_ms, below_ms)
        return min(own, held) if held > 0 else max(-own, held)

    return read


# -- lists, consents, segments ------------------------------------------------------------


def on_list(key: int, for_ms: int) -> Read:
    """Return whether the customer is on a list, for so long."""

    def read(profile: Profile, now: int) -> int:
        kept = profile.states.get(key)
        since = kept[LISTED_SINCE] if kept and kept[VALUE] == "added" else None
        return for_so_long(since, now, for_ms, 0)

    return read


def is_told(key: int, word: str, unless_told: str) -> Read:
    """Return whether the newest word is this one; `unless_told` counts while nothing was said."""
    silent = NEVER if word == unless_told else -NEVER

    def read(profile: Profile, now: int) -> int:
        kept = profile.states.get(key)
        return silent if kept is None else NEVER if kept[VALUE] == word else -NEVER

    return read


def in_segment(place: Place, segment: str, for_ms: int, below_ms: int) -> Read:
    """Return whether the customer is in a segment, for at least `for_ms`, or (if set) less than `below_ms`."""
    return lambda profile, now: for_so_long(profile.since_in(place, segment), now, for_ms, below_ms)


def segment_value(place: Place) -> Callable[[Profile, int], str | None]:
    """Return the segment that the customer is in, None outside."""

    def value(profile: Profile, now: int) -> str | None:
        standing = profile.standing(place)
        return (standing.segment or None) if standing else None

    return value
