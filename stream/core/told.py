"""Conditions on what is known of a customer beside behaviour: traits, and the segments they are in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream.core.condition import Read
from stream.core.profile import NEVER, Profile
from stream.core.sources import Test


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
