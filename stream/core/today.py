"""Conditions on the day itself: which weekday it is where the customer lives, or whether it lies between two dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from stream.core.calendar import DAYS_A_WEEK, ZoneOf, day_of, day_start, weekday
from stream.core.condition import Read
from stream.core.profile import NEVER, Profile


def on_weekdays(zone_of: ZoneOf, wanted: frozenset[int]) -> Read:
    """Return whether today is one of these weekdays, Monday being 0, until the first day on which that differs."""

    def read(profile: Profile, now: int) -> int:
        zone = zone_of(profile)
        today = day_of(now, zone)
        holds = weekday(today) in wanted
        for day in range(today + 1, today + 1 + DAYS_A_WEEK):
            if (weekday(day) in wanted) is not holds and (at := day_start(day, zone)) > now:
                return at if holds else -at
        return NEVER if holds else -NEVER

    return read


def between_days(zone_of: ZoneOf, first: int, end: int) -> Read:
    """Return whether today is the day `first` or a later one, before the day `end`."""

    def read(profile: Profile, now: int) -> int:
        zone = zone_of(profile)
        begin, over = day_start(first, zone), day_start(end, zone)
        if now < begin:
            return -begin
        return over if now < over else -NEVER

    return read


def today_value(zone_of: ZoneOf) -> Callable[[Profile, int], str]:
    """Return today where the customer lives, as `saturday 2027-03-06`."""

    def value(profile: Profile, now: int) -> str:
        day = date.fromordinal(day_of(now, zone_of(profile)))
        return f"{day:%A} {day.isoformat()}".lower()

    return value
