"""Local days: when they begin, which one an instant lies in, and on which days a period holds a day.

A day is its ordinal (1 = 1 January of year 1). It begins at the first instant that a clock in the zone shows it
or a later one: also where its midnight does not exist, or comes twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from stream.core.profile import Profile

ZoneOf = Callable[[Profile], ZoneInfo]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIRST_DAY, LAST_DAY = date(1, 1, 3).toordinal(), date(9999, 12, 29).toordinal()
"""Days beyond these are never changed by clocks: a conversion could leave the calendar."""
BEGINNING_MS, END_MS = -62_135_300_000_000, 253_402_000_000_000
"""Instants beyond these lie in the first or last days of the calendar, whatever the zone."""
HALF_MINUTE, HALF_MINUTE_MS = 30, 30_000
DAYS_A_WEEK, MONTHS_A_YEAR, LONGEST_YEAR = 7, 12, 366
LEAP_DAY = (2, 29)


def zone_of(key: int, default: ZoneInfo) -> ZoneOf:
    """Return the reader of a customer's zone: the trait of this state key, where it names one, else the default."""

    def zone(profile: Profile) -> ZoneInfo:
        kept = profile.states.get(key)
        return (zone_named(kept[0]) if kept and isinstance(kept[0], str) else None) or default

    return zone


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the zone of this name, None where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache(maxsize=65_536)
def day_start(day: int, zone: ZoneInfo) -> int:
    """Return the first instant of a local day, in ms."""
    if not FIRST_DAY <= day <= LAST_DAY:
        return (day - EPOCH.toordinal()) * 86_400_000
    on = date.fromordinal(day)
    midnight = datetime(on.year, on.month, on.day, tzinfo=zone)
    at = (midnight - EPOCH) // MILLISECOND
    return at if _date(at - 1, zone) < day <= _date(at, zone) else _first_instant(day, at, zone)


def _first_instant(day: int, near: int, zone: ZoneInfo) -> int:
    """Return where the clock first shows the day or a later one, near a midnight that it skips."""
    low, high = near - 86_400_000, near + 86_400_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _date(middle, zone) >= day else (middle, high)
    return high


def _date(at: int, zone: ZoneInfo) -> int:
    return (EPOCH + at * MILLISECOND).astimezone(zone).toordinal()


def day_of(at: int, zone: ZoneInfo) -> int:
    """Return the local day of an instant: the latest that has begun."""
    if not BEGINNING_MS < at < END_MS:
        return FIRST_DAY - 1 if at <= BEGINNING_MS else LAST_DAY + 1
    day = _date(at, zone)
    return day + 1 if day_start(day + 1, zone) <= at else day


def days_in(zone: ZoneInfo) -> Callable[[int], int]:
    """Return what gives the date (ordinal) that clocks of a zone show at an instant.

    Events come in the order of time, so a date is remembered for half a minute: since 1970 no zone has changed its
    clocks within one.
    """

    @lru_cache(maxsize=4096)
    def date_of(seconds: int) -> int:
        return datetime.fromtimestamp(seconds, zone).toordinal()

    def day(at: int) -> int:
        return date_of(at // HALF_MINUTE_MS * HALF_MINUTE if at >= 0 else at // 1000)

    return day


def weekday(day: int) -> int:
    """Return the weekday of a day, Monday being 0."""
    return (day - 1) % DAYS_A_WEEK


# -- periods ------------------------------------------------------------------------------

Unit = Callable[[int, int], int]
"""From a day and a step to the first day of the unit (day, week, month, year) so many steps from the day's own."""


def _day(day: int, step: int) -> int:
    return day + step


def _week(day: int, step: int) -> int:
    return day - weekday(day) + DAYS_A_WEEK * step


def _month(day: int, step: int) -> int:
    on = date.fromordinal(day)
    return _first_of_month(on.year * MONTHS_A_YEAR + on.month - 1 + step)


def _year(day: int, step: int) -> int:
    return _first_of_month((date.fromordinal(day).year + step) * MONTHS_A_YEAR)


def _first_of_month(month: int) -> int:
    year = min(max(month // MONTHS_A_YEAR, 1), 9999)
    return date(year, month % MONTHS_A_YEAR + 1, 1).toordinal()


UNITS: dict[str, Unit] = {"week": _week, "month": _month, "year": _year}
LONGEST_DAYS: dict[Unit, int] = {_day: 1, _week: 7, _month: 31, _year: 366}
STEPS = {"last": -1, "this": 0, "next": 1, "yesterday": -1, "today": 0, "tomorrow": 1}


class Period:
    """Whole local days as seen from today: units of one kind, from `first` to before `end` steps away."""

    __slots__ = ("end", "first", "unit")

    def __init__(self, unit: Unit, first: int, end: int) -> None:
        """Hold the unit and the half-open range of steps; 0 is the unit that today lies in."""
        self.unit, self.first, self.end = unit, first, end

    def days(self, today: int) -> tuple[int, int]:
        """Return the first day of the period as seen on `today`, and the first day after it."""
        return self.unit(today, self.first), self.unit(today, self.end)

    def holders(self, day: int) -> tuple[int, int]:
        """Return the first day on which the period holds `day`, and the first on which it no longer does."""
        return self.unit(day, 1 - self.end), self.unit(day, 1 - self.first)

    @property
    def reaches_today(self) -> bool:
        """Tell whether the period never ends before today does."""
        return self.end > 0

    @property
    def covers_a_year(self) -> bool:
        """Tell whether every day of the year lies in it, whatever today is."""
        return self.unit is _year or (self.unit is _day and self.end - self.first >= LONGEST_YEAR)

    @property
    def longest_days(self) -> int:
        """Return how many days before today it can begin, at most."""
        return max(-self.first + 1, 1) * LONGEST_DAYS[self.unit]


def period(word: str, days: int = 0) -> Period:
    """Return the period of a word of the rules: `today`, `last_week`, or `last_days` and the like with a number."""
    if word == "last_days":
        return Period(_day, 1 - days, 1)
    if word in {"days_ago", "days_ahead"}:
        step = days if word == "days_ahead" else -days
        return Period(_day, step, step + 1)
    which, _, unit = word.partition("_")
    return Period(UNITS[unit] if unit else _day, STEPS[which], STEPS[which] + 1)


def anniversary(day: int, year: int) -> int:
    """Return the day of the year on which `day` comes round; 29 February on the 28th where there is none."""
    on = date.fromordinal(day)
    if (on.month, on.day) == LEAP_DAY and not _is_leap(year):
        return date(year, 2, 28).toordinal()
    return on.replace(year=year).toordinal()


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def year_of(day: int) -> int:
    """Return the year of a day."""
    return date.fromordinal(min(max(day, 1), LAST_DAY)).year
