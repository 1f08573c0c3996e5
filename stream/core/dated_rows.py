"""Conditions on events whose properties are dates that compare with time: what a row answers changes in silence.

Such an answer is a column of its own that no ledger keeps: it is put into the rows of a view of the customer, and
the condition reads that view, as if the answers had always been what they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from stream.core import dated
from stream.core import ledger as books
from stream.core.calendar import ZoneOf
from stream.core.condition import Read
from stream.core.dated import Runs
from stream.core.figures import Of
from stream.core.frame import Frame
from stream.core.matching import value_in
from stream.core.profile import NEVER, Profile
from stream.core.sources import Rows

Judge = Callable[[books.Row, ZoneInfo, int], int]
"""From a row, a zone and an instant to a verdict: whether the dates of the row compare so, and until when."""

Answers = Mapping[int, Mapping[str, Judge]]
"""By key of a ledger: the columns that time answers."""


def of_property(path: str, runs: Runs) -> Judge:
    """Return the judge of one date of a row."""
    return lambda row, zone, now: dated.verdict(runs(value_in(row, path), zone, now, 0), now)


def of_any_item(column: str, runs: Sequence[Runs]) -> Judge:
    """Return the judge of the dates of items, which the column keeps item by item: all of one and the same compare."""

    def judge(row: books.Row, zone: ZoneInfo, now: int) -> int:
        items = value_in(row, column) or ()
        verdicts = [
            min([dated.verdict(each(value, zone, now, 0), now) for each, value in zip(runs, item, strict=True)])
            for item in items
        ]
        return max(verdicts, default=-NEVER)

    return judge


def read_as_seen(read: Read, answers: Answers, zone_of: ZoneOf) -> Read:
    """Return the verdict of a condition with what time answers now, until time answers otherwise."""

    def verdict(profile: Profile, now: int) -> int:
        view, until = as_seen(profile, now, answers, zone_of)
        found = read(view, now)
        return min(found, until) if found > 0 else max(found, -until)

    return verdict


def value_as_seen(
    value: Callable[[Profile, int], Any], answers: Answers, zone_of: ZoneOf
) -> Callable[[Profile, int], Any]:
    """Return the value of a condition with what time answers now."""
    return lambda profile, now: value(as_seen(profile, now, answers, zone_of)[0], now)


def as_seen(profile: Profile, now: int, answers: Answers, zone_of: ZoneOf) -> tuple[Profile, int]:
    """Return the customer with what time answers at `now` in the rows, and until when all answers stay the same."""
    view, zone, until = profile.ahead(()), zone_of(profile), NEVER
    view.states, view.derived, view.verdicts = dict(profile.states), {}, {}
    for key, judges in answers.items():
        ledger = profile.states.get(key)
        if ledger is None:
            continue
        rows = []
        for row in ledger[books.ROWS]:
            verdicts = {column: judge(row, zone, now) for column, judge in judges.items()}
            until = min(until, *map(abs, verdicts.values()))
            passed = {column: True for column, verdict in verdicts.items() if verdict > 0}
            rows.append([*row[: books.COLUMNS], row[books.COLUMNS] | passed])
        view.states[key] = [rows, *ledger[books.ROWS + 1 :]]
    return view, until


def figure(rows: Rows, of: Of, runs: Runs, frame: Frame, zone_of: ZoneOf) -> Read:
    """Return whether a date that is a figure of the values in the window compares with time; of none it does not."""

    def read(profile: Profile, now: int) -> int:
        found = rows(profile)
        instants, values = [at for at, _ in found], [got for _, got in found]
        start, stop = frame.inside(profile, instants, now)
        if start >= stop:
            return frame.verdict(profile, instants, now, lambda begin, end: begin < end)
        value = of(values[start:stop])

        def is_same(begin: int, end: int) -> bool:
            return begin < end and bool(of(values[begin:end]) == value)

        until = frame.verdict(profile, instants, now, is_same)
        verdict = dated.verdict(runs(value, zone_of(profile), now, 0), now)
        return min(verdict, until) if verdict > 0 else max(verdict, -until)

    return read
