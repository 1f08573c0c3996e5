"""Stable chance: the place from 0.00 to 99.99 that a customer has in a named lottery, the same for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b

from stream.core.condition import Read
from stream.core.profile import NEVER, Profile

HUNDREDTHS = 100
PLACES = 100 * HUNDREDTHS
CONTROL = "holdout."
"""Begins the lottery of a control group; names of buckets have no dot."""


def place(name: str, customer_id: str) -> int:
    """Return the customer's place in hundredths of a percent, from 0 to 9999."""
    digest = blake2b(f"{name}\0{customer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % PLACES


def is_control(segment: str, customer_id: str, percent: int) -> bool:
    """Tell whether a customer belongs to the control group of a segment (`dimension.segment`)."""
    return percent > 0 and place(CONTROL + segment, customer_id) < percent * HUNDREDTHS


def bucket(name: str, first: int, percent: int, given: Mapping[str, int]) -> Read:
    """Return whether the customer's place lies from `first` up to `percent` more; `given` places come before chance."""
    value = place_in(name, given)
    return lambda profile, now: NEVER if first <= value(profile, now) < first + percent else -NEVER


def place_in(name: str, given: Mapping[str, int]) -> Callable[[Profile, int], float]:
    """Return the place of the customer in percent."""
    if name in given:
        return lambda profile, now: given[name]
    return lambda profile, now: place(name, profile.customer_id) / HUNDREDTHS
