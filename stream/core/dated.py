"""Comparisons of a date or moment with time: in which stretches of time each is true of one value.

A date is its whole local day and begins with it; a moment is an instant and lies in the day that it falls on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from stream.core.calendar import EPOCH, MILLISECOND, Period, anniversary, day_of, day_start, year_of
from stream.core.calendar_window import Bound
from stream.core.profile import NEVER

Run = tuple[int, int]
"""A stretch of time [begin, end)."""

Runs = Callable[[Any, ZoneInfo, int, int], Sequence[Run]]
"""From a value, a zone, an instant and a span in ms to the runs in which the comparison is true: sorted, apart from
each other, and complete from the span before the instant up to the next that begins after it."""

ALWAYS: Sequence[Run] = ((-NEVER, NEVER),)
YEAR_MS = 365 * 86_400_000
LAST_YEAR = 9999
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def when(value: Any, zone: ZoneInfo) -> tuple[int, int] | None:
    """Return (instant at which it begins, local day) of a date or moment, None of anything else."""
    if not isinstance(value, str) or (read := _read(value)) is None:
        return None
    day, at = read
    return (at, day_of(at, zone)) if day is None else (day_start(day, zone), day)


@lru_cache(maxsize=16_384)
def _read(text: str) -> tuple[int | None, int] | None:
    """Return (day, 0) of a date, (None, instant) of a moment with its offset, None of anything else."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text).toordinal(), 0
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else (None, (moment - EPOCH) // MILLISECOND)


def within(span_ms: int) -> Runs:
    """Return the runs of: it began at most so long ago."""
    return _from_start(lambda start: (start, start + span_ms))


def within_next(span_ms: int) -> Runs:
    """Return the runs of: it begins within so long from now."""
    return _from_start(lambda start: (start - span_ms, start))


def older_than(span_ms: int) -> Runs:
    """Return the runs of: it began at least so long ago."""
    return _from_start(lambda start: (start + span_ms, NEVER))


def _from_start(run: Callable[[int], Run]) -> Runs:
    def runs(value: Any, zone: ZoneInfo, now: int, back_ms: int) -> Sequence[Run]:
        found = when(value, zone)
        return (run(found[0]),) if found else ()

    return runs


def falls(period: Period) -> Runs:
    """Return the runs of: its day lies in the period as seen from today."""

    def runs(value: Any, zone: ZoneInfo, now: int, back_ms: int) -> Sequence[Run]:
        found = when(value, zone)
        return (_held(period, found[1], zone),) if found else ()

    return runs


def comes_round(period: Period) -> Runs:
    """Return the runs of: an anniversary of its day lies in the period as seen from today."""

    def runs(value: Any, zone: ZoneInfo, now: int, back_ms: int) -> Sequence[Run]:
        found = when(value, zone)
        if found is None:
            return ()
        if period.covers_a_year:
            return ALWAYS
        first, end = period.days(day_of(now, zone))
        years = range(max(year_of(first) - 2 - back_ms // YEAR_MS, 1), min(year_of(end) + 2, LAST_YEAR) + 1)
        return joined(_held(period, anniversary(found[1], year), zone) for year in years)

    return runs


def _held(period: Period, day: int, zone: ZoneInfo) -> Run:
    begin, end = period.holders(day)
    return day_start(begin, zone), day_start(end, zone)


def joined(runs: Iterable[Run]) -> Sequence[Run]:
    """Return sorted runs with those that touch made one."""
    found: list[Run] = []
    for begin, end in runs:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif begin < end:
            found.append((begin, end))
    return found


def on_day(day: int) -> Runs:
    """Return the runs of: it is this day."""
    return _fixed(lambda start, own, zone: own == day)


def between(first: Bound | None, end: Bound | None) -> Runs:
    """Return the runs of: it begins at or after one bound and before another."""
    return _fixed(
        lambda start, own, zone: (first is None or first(zone) <= start) and (end is None or start < end(zone))
    )


def _fixed(holds: Callable[[int, int, ZoneInfo], bool]) -> Runs:
    def runs(value: Any, zone: ZoneInfo, now: int, back_ms: int) -> Sequence[Run]:
        found = when(value, zone)
        return ALWAYS if found and holds(*found, zone) else ()

    return runs


def verdict(runs: Sequence[Run], now: int) -> int:
    """Return whether `now` lies in a run, and until when that stays so."""
    for begin, end in runs:
        if now < begin:
            return -begin
        if now < end:
            return min(end, NEVER)
    return -NEVER


def begun(runs: Sequence[Run], now: int) -> int | None:
    """Return the instant at which the run that holds `now` began, None where none holds it."""
    return next((begin for begin, end in runs if begin <= now < end), None)


def held_since(history: Sequence[tuple[int, Any]], runs: Runs, zone: ZoneInfo, now: int, span_ms: int) -> int | None:
    """Return since when a comparison is true without a break, over values by the instants from which they counted.

    None where it is not true at `now`. Exact from `span_ms` before `now` on; what is longer ago may be named later.
    """
    since, until = None, now
    for at, value in reversed(history):
        begin = begun(runs(value, zone, until, span_ms), until)
        if begin is None:
            break
        since = max(begin, at)
        if begin > at:
            break
        until = at - 1
    return since
