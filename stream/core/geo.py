"""Distances on the globe: how far a place that the customer told of lies from one that rules name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Any

from stream.core.condition import Read
from stream.core.matching import is_number
from stream.core.profile import NEVER, Profile
from stream.core.telling import VALUE

EARTH_KM = 6371.0088
"""The mean radius of the Earth."""

Place = tuple[float, float]


def place_of(value: Any) -> Place | None:
    """Return (degrees north, degrees east) of a value `{lat, lon}`, None of anything else."""
    if not isinstance(value, Mapping):
        return None
    lat, lon = value.get("lat"), value.get("lon")
    if lat is None or lon is None or not (is_number(lat) and is_number(lon)):
        return None
    return (float(lat), float(lon)) if isfinite(lat) and isfinite(lon) else None


def distance_km(one: Place, other: Place) -> float:
    """Return the length of the great circle between two places."""
    lat, lon, lat2, lon2 = map(radians, (*one, *other))
    half = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(half, 1.0)))


def nearest_km(keys: Sequence[int], place: Place) -> Callable[[Profile, int], float | None]:
    """Return how far the nearest place of the customer is, None where none is known."""

    def value(profile: Profile, now: int) -> float | None:
        told = [kept[VALUE] for key in keys if (kept := profile.states.get(key))]
        places = [found for each in told if (found := place_of(each)) is not None]
        return min((distance_km(each, place) for each in places), default=None)

    return value


def near(keys: Sequence[int], place: Place, km: float) -> Read:
    """Return whether a place of the customer, in one of these traits, is at most so far away."""
    value = nearest_km(keys, place)

    def read(profile: Profile, now: int) -> int:
        found = value(profile, now)
        return NEVER if found is not None and found <= km else -NEVER

    return read
