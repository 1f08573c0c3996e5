"""Where conditions find what happened: instants, days and values out of the states of a profile, sorted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from stream.core import ledger as books
from stream.core.matching import NUMBERS
from stream.core.profile import Profile

Instants = Callable[[Profile], Sequence[int]]
Rows = Callable[[Profile], Sequence[tuple[int, Any]]]
Numbers = Callable[[Profile], Sequence[tuple[int, Any, int]]]
"""From a profile to (instant, number, how many it stands for), sorted by instant."""
RowIn = Callable[[books.Ledger], books.Row | None]
Test = Callable[[Any], bool]


T = TypeVar("T")


def remembered(slot: object, read: Callable[[Profile], T]) -> Callable[[Profile], T]:
    """Return the reader, working its result out once until the next event; readers of one slot share it."""

    def reader(profile: Profile) -> T:
        derived = profile.derived
        if slot not in derived:
            derived[slot] = read(profile)
        found: T = derived[slot]
        return found

    return reader


def newest_of(key: int) -> Instants:
    """Return the instants that a state of plain instants holds."""
    return lambda profile: profile.states.get(key, ())


def booked(key: int, matches: Test | None) -> Instants:
    """Return the instants of what stands in a ledger and matches; folded rows stand at their first instant."""

    def instants(profile: Profile) -> Sequence[int]:
        ledger = profile.states.get(key)
        if ledger is None:
            return ()
        rows = ledger[books.ROWS] if matches is None else [row for row in ledger[books.ROWS] if matches(row)]
        if not ledger[books.FOLDED]:  # nothing was merged either
            return [row[books.AT] for row in rows]
        found = [row[books.AT] for row in rows for _ in range(row[books.WEIGHT])]
        return found if matches else _folded_instants(ledger) + found

    return remembered(("booked", key) if matches is None else instants, instants)


def _folded_instants(ledger: books.Ledger) -> list[int]:
    folded = ledger[books.FOLDED]
    return [folded[3]] * folded[0]


def merged(sources: Sequence[Instants]) -> Instants:
    """Return the instants of several sources as one."""
    if len(sources) == 1:
        return sources[0]

    def instants(profile: Profile) -> Sequence[int]:
        found: list[int] = []
        for source in sources:
            found.extend(source(profile))
        return sorted(found)

    return remembered(instants, instants)


def newest_per_day(sources: Sequence[tuple[int, Test | None]]) -> Callable[[Profile], Sequence[tuple[int, int]]]:
    """Return (instant, day) of every booked row of these ledgers, sorted."""

    def rows(profile: Profile) -> Sequence[tuple[int, int]]:
        found = []
        for key, matches in sources:
            ledger = profile.states.get(key)
            if ledger is not None:
                found += [
                    (row[books.AT], row[books.DAY]) for row in ledger[books.ROWS] if matches is None or matches(row)
                ]
        return sorted(found)

    return remembered(rows, rows)


def booked_rows(sources: Sequence[tuple[int, Test | None, Callable[[books.Row], Any]]]) -> Rows:
    """Return (instant, value) of every booked row that matches, None where it has no value."""

    def values(profile: Profile) -> Sequence[tuple[int, Any]]:
        found: list[tuple[int, Any]] = []
        for key, matches, value in sources:
            ledger = profile.states.get(key)
            if ledger is None:
                continue
            rows = ledger[books.ROWS] if matches is None else [row for row in ledger[books.ROWS] if matches(row)]
            if not ledger[books.FOLDED]:  # nothing was merged either
                found += [(row[books.AT], value(row)) for row in rows]
            else:
                for row in rows:
                    found += [(row[books.AT], value(row))] * row[books.WEIGHT]
        if len(sources) > 1:
            found.sort(key=_at)
        return found

    return remembered(values, values)


def end_row(matches: Test | None, *, is_newest: bool) -> RowIn:
    """Return what finds the newest (or the oldest) row of a ledger that matches, None where there is none."""

    def row(ledger: books.Ledger) -> books.Row | None:
        rows = ledger[books.ROWS]
        for found in reversed(rows) if is_newest else rows:
            if matches is None or matches(found):
                return cast("books.Row", found)
        return None

    return row


def there(rows: Rows) -> Rows:
    """Return the rows whose value is not missing."""
    return lambda profile: [row for row in rows(profile) if row[1] is not None]


@lru_cache(maxsize=1024)
def booked_numbers(sources: tuple[tuple[int, Test | None], ...], path: str, is_ever: bool) -> Numbers:
    """Return (instant, number, weight) of every booked row that matches and has a number; a merged row is a sum.

    Equal asks get the same reader, so that conditions share what it finds. With `is_ever`, amounts that were folded
    away stand at their last instant, where no test is asked of the rows.
    """
    if is_ever:
        return _with_folded(sources, path, booked_numbers(sources, path, False))

    def numbers(profile: Profile) -> Sequence[tuple[int, Any, int]]:
        found: list[tuple[int, Any, int]] = []
        for key, matches in sources:
            ledger = profile.states.get(key)
            if ledger is not None:
                rows = ledger[books.ROWS]
                found += _numbers_in(rows if matches is None else [row for row in rows if matches(row)], path)
        if len(sources) > 1:
            found.sort(key=_at)
        return found

    return remembered(numbers, numbers)


def _numbers_in(rows: Sequence[books.Row], path: str) -> list[tuple[int, Any, int]]:
    """Return (instant, number, weight) of the rows that have a number; a comprehension, since rows may be hundreds."""
    if path == "amount":
        return [(at, got, weight) for at, _, got, _, weight, _ in rows if type(got) in NUMBERS]
    found = [(row[books.AT], row[books.COLUMNS].get(path), row[books.WEIGHT]) for row in rows]
    return [one for one in found if type(one[1]) in NUMBERS]


def _with_folded(sources: tuple[tuple[int, Test | None], ...], path: str, numbers: Numbers) -> Numbers:
    """Return the reader of numbers and of the amounts that were folded away."""
    keys = [key for key, matches in sources if matches is None] if path == "amount" else []
    if not keys:
        return numbers

    def all_numbers(profile: Profile) -> Sequence[tuple[int, Any, int]]:
        ledgers = [ledger for key in keys if (ledger := profile.states.get(key)) is not None]
        folded = [ledger[books.FOLDED] for ledger in ledgers if ledger[books.FOLDED] and ledger[books.FOLDED][0]]
        if not folded:
            return numbers(profile)
        return sorted([*[(one[4], one[1], one[0]) for one in folded], *numbers(profile)], key=_at)

    return remembered(all_numbers, all_numbers)


def each(numbers: Numbers) -> Rows:
    """Return (instant, number) of numbers; of a merged row the mean."""
    return lambda profile: [(at, got if weight == 1 else got / weight) for at, got, weight in numbers(profile)]


def _at(row: tuple[Any, ...]) -> int:
    at: int = row[0]
    return at
