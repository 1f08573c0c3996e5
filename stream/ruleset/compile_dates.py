"""From the dates, moments and periods of rules to bounds, calendar windows and comparisons with time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream.core import dated
from stream.core.calendar import Period, ZoneOf, period
from stream.core.calendar_window import Between, Bound, During, day_bound, moment_bound
from stream.core.dated import Runs
from stream.core.frame import DAY_MS, Frame
from stream.core.profile import NEVER
from stream.ruleset.schema_dates import Day, Moment
from stream.ruleset.schema_dates import Period as PeriodWord
from stream.ruleset.schema_forms import Compare, DateRange, Window

SLACK_DAYS = 3
"""How much longer than its days a period can reach back: today itself, changed clocks, a changed zone."""


def calendar_frame(window: Window, zone_of: ZoneOf, zone_states: frozenset[int]) -> Frame:
    """Return the window of a period or of explicit dates."""
    if window.during is not None:
        asked = period_of(window.during)
        longest_ms = (asked.longest_days + SLACK_DAYS) * DAY_MS
        return Frame(longest_ms=longest_ms, calendar=During(zone_of, asked), states=zone_states)
    between = Between(zone_of, *bounds(window.from_, window.to, window.before))
    return Frame(longest_ms=NEVER, calendar=between, states=zone_states)


Bounds = tuple[Bound | None, Bound | None]
"""The first instant that counts and the first that no longer does; None where it is open."""


def bounds(from_: Day | Moment | None, to: Day | None, before: Day | Moment | None) -> Bounds:
    """Return (first, end): `from` includes its day or moment, `to` all of its day, `before` nothing of it."""
    end = day_bound(to.date.toordinal() + 1) if to is not None else _bound(before)
    return _bound(from_), end


def _bound(asked: Day | Moment | None) -> Bound | None:
    if asked is None:
        return None
    return moment_bound(asked.at_ms) if isinstance(asked, Moment) else day_bound(asked.date.toordinal())


def period_of(asked: PeriodWord) -> Period:
    """Return the days that a PERIOD of the rules stands for."""
    return period(asked.word, asked.days)


_RUNS: dict[str, Callable[[Any], Runs]] = {
    "within": dated.within,
    "within_next": dated.within_next,
    "older_than": dated.older_than,
    "falls": lambda asked: dated.falls(period_of(asked)),
    "anniversary": lambda asked: dated.comes_round(period_of(asked)),
    "on_day": lambda asked: dated.on_day(asked.date.toordinal()),
    "before": lambda asked: dated.between(None, _bound(asked)),
}
DATE_OPS = frozenset({*_RUNS, "from_to"})
"""Comparisons that read a date or a moment."""


def date_runs(compare: Compare) -> Runs:
    """Return in which stretches of time a comparison with a date or moment holds."""
    if isinstance(compare.value, DateRange):
        return dated.between(*bounds(compare.value.from_, compare.value.to, compare.value.before))
    return _RUNS[compare.op](compare.value)
