"""Local days: where they begin, which one an instant lies in, and what the calendar words mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.spans import EPOCH, MILLISECOND

ONE_DAY = dt.timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def day_start(day: dt.date, zone: ZoneInfo) -> int:
    """Return the first instant of a local day, also when its midnight does not exist or comes twice."""
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight - EPOCH) // MILLISECOND


def day_of(instant: int, zone: ZoneInfo) -> dt.date:
    """Return the local day: the latest one that has begun at `instant`."""
    day = (EPOCH + instant * MILLISECOND).astimezone(zone).date()
    while day_start(day + ONE_DAY, zone) <= instant:
        day += ONE_DAY
    return day


def next_midnight(instant: int, zone: ZoneInfo) -> int:
    """Return the first instant after `instant` at which another local day begins."""
    day = day_of(instant, zone)
    while day_start(day, zone) <= instant:
        day += ONE_DAY
    return day_start(day, zone)


def days_of(period: Any, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a PERIOD as seen on `today`."""
    if isinstance(period, dict):
        ((word, count),) = period.items()
        if word == "last_days":
            return today - (int(count) - 1) * ONE_DAY, today
        day = today + (int(count) if word == "days_ahead" else -int(count)) * ONE_DAY
        return day, day
    if period in ("yesterday", "today", "tomorrow"):
        day = today + (("yesterday", "today", "tomorrow").index(period) - 1) * ONE_DAY
        return day, day
    which, unit = period.split("_")
    step = {"last": -1, "this": 0, "next": 1}[which]
    return {"week": week, "month": month, "year": year}[unit](today, step)


def week(today: dt.date, step: int) -> tuple[dt.date, dt.date]:
    """Return Monday and Sunday of the week `step` weeks from this one."""
    monday = today - today.weekday() * ONE_DAY + 7 * step * ONE_DAY
    return monday, monday + 6 * ONE_DAY


def month(today: dt.date, step: int) -> tuple[dt.date, dt.date]:
    """Return the first and last day of the month `step` months from this one."""
    index = today.year * 12 + today.month - 1 + step
    first = dt.date(index // 12, index % 12 + 1, 1)
    following = dt.date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return first, following - ONE_DAY


def year(today: dt.date, step: int) -> tuple[dt.date, dt.date]:
    """Return the first and last day of the year `step` years from this one."""
    return dt.date(today.year + step, 1, 1), dt.date(today.year + step, 12, 31)


def anniversaries(day: dt.date, years: Iterable[int]) -> list[dt.date]:
    """Return the anniversaries of `day` in these years; 29 February falls on the 28th in other years."""
    found = []
    for number in years:
        try:
            found.append(day.replace(year=number))
        except ValueError:
            found.append(dt.date(number, 2, 28))
    return found
