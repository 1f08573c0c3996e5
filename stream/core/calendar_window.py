"""Windows of the calendar over sorted instants: a period of local days that moves with today, or fixed dates."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from stream.core.calendar import Period, ZoneOf, day_of, day_start
from stream.core.profile import NEVER, Profile

Bound = Callable[[ZoneInfo], int]
"""From a zone to the instant at which a named day begins there; of a moment always the same."""


class CalendarWindow(Protocol):
    """What a window of the calendar tells of itself."""

    @property
    def is_recent(self) -> bool:
        """Tell whether what counts is always the newest."""

    @property
    def is_oldest(self) -> bool:
        """Tell whether what counts is always the oldest."""

    def bounds(self, profile: Profile, now: int) -> tuple[int, int]:
        """Return (first, end): at `now` an instant e counts while first <= e < end."""

    def edges(self, profile: Profile, instants: Sequence[int], now: int) -> list[int]:
        """Return, sorted, when after `now` one of the instants comes into the window or leaves it."""


class During:
    """The days of a period as seen from today, in the customer's zone."""

    __slots__ = ("_period", "_zone_of", "is_oldest", "is_recent")

    def __init__(self, zone_of: ZoneOf, period: Period) -> None:
        """Look at the days of `period` in the zone that `zone_of` reads."""
        self._zone_of, self._period = zone_of, period
        self.is_recent, self.is_oldest = period.reaches_today, False

    def bounds(self, profile: Profile, now: int) -> tuple[int, int]:
        """Return the first instant of the period as seen at `now`, and the first after it."""
        zone = self._zone_of(profile)
        first, end = self._period.days(day_of(now, zone))
        return day_start(first, zone), day_start(end, zone)

    def edges(self, profile: Profile, instants: Sequence[int], now: int) -> list[int]:
        """Return, sorted, at which midnights after `now` one of the instants comes into the period or leaves it."""
        zone = self._zone_of(profile)
        first, _ = self.bounds(profile, now)
        days = {day_of(at, zone) for at in instants[bisect_left(instants, first) :]}
        turns = {day_start(turn, zone) for day in days for turn in self._period.holders(day)}
        return sorted(turn for turn in turns if turn > now)


class Between:
    """Fixed dates: from one bound on, up to before another; either may be open."""

    __slots__ = ("_end", "_first", "_zone_of", "is_oldest", "is_recent")

    def __init__(self, zone_of: ZoneOf, first: Bound | None, end: Bound | None) -> None:
        """Count from `first` (None: ever) to before `end` (None: for ever)."""
        self._zone_of, self._first, self._end = zone_of, first, end
        self.is_recent, self.is_oldest = end is None, first is None

    def bounds(self, profile: Profile, now: int) -> tuple[int, int]:
        """Return the instants of both bounds in the customer's zone."""
        zone = self._zone_of(profile)
        return self._first(zone) if self._first else -NEVER, self._end(zone) if self._end else NEVER

    def edges(self, profile: Profile, instants: Sequence[int], now: int) -> list[int]:
        """Return nothing: what happened between two dates always did."""
        return []


def day_bound(day: int) -> Bound:
    """Return the bound at which a local day begins."""
    return lambda zone: day_start(day, zone)


def moment_bound(at: int) -> Bound:
    """Return the bound at an instant."""
    return lambda zone: at
